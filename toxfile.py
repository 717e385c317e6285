# SPDX-License-Identifier: Apache-2.0
"""Lets all of tox.ini's environments be one: installing Nova takes minutes.

By itself, tox 4 recreates an ``env_dir`` whenever an environment of another
name has used it last, even if both ask for the same packages.
"""

from __future__ import annotations

from tox.plugin import impl
from tox.tox_env.api import ToxEnv
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner
from tox.tox_env.register import ToxEnvRegister


class SharedRunner(VirtualEnvRunner):
    """A virtual environment that keeps what another name installed in it."""

    @staticmethod
    def id() -> str:
        """Return what ``runner =`` calls it."""
        return "shared"

    def _setup_env(self) -> None:
        mine = {"name": self.conf.name, "type": type(self).__name__}
        # On leaving the block tox notes the name as the last one.
        with self.cache.compare(mine, ToxEnv.__name__):
            pass
        super()._setup_env()


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Tell tox of the runner.

    :param register: what tox knows to run environments with
    """
    register.add_run_env(SharedRunner)
