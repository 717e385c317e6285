# SPDX-License-Identifier: Apache-2.0
"""Runs the stock nova command against a cloud and keeps what it printed."""

from collections.abc import Mapping
import contextlib
import dataclasses
import io
import os
import subprocess
import sys

import fixtures
from novaclient import shell

from tests.unit.client.cloud import Cloud

# What the installed script of python-novaclient does.
_SCRIPT = "import sys; from novaclient.shell import main; sys.exit(main())"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


class NovaCommand(fixtures.Fixture):
    """The nova command of a user who is logged in to the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def _setUp(self) -> None:
        for name in [n for n in os.environ if n.startswith("OS_")]:
            self.useFixture(fixtures.EnvironmentVariable(name))
        for name, value in self.cloud.environment.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        # What novaclient and its extensions leave behind in a process.
        self.useFixture(
            fixtures.MonkeyPatch(
                "novaclient.base.HookableMixin._hooks_map", {}
            )
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                "novaclient.shell.OpenStackComputeShell.get_base_parser",
                shell.OpenStackComputeShell.get_base_parser,
            )
        )

    def run(self, *words: str) -> Outcome:
        """Run in this process: fast, and hooks pile up as they may."""
        stdout, stderr = io.StringIO(), io.StringIO()
        status = 0
        with (
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            try:
                shell.main(list(words))
            except SystemExit as exit_:
                status = exit_.code
        return Outcome(status, stdout.getvalue(), stderr.getvalue())

    def spawn(self, *words: str, **variables: str) -> Outcome:
        """Run in a process of its own, as a user does."""
        return self._spawn(words, {**os.environ, **variables})

    def spawn_logged_out(self, *words: str) -> Outcome:
        """Run in a process of its own, without credentials."""
        known = self.cloud.environment
        return self._spawn(
            words, {k: v for k, v in os.environ.items() if k not in known}
        )

    @staticmethod
    def _spawn(
        words: tuple[str, ...], variables: Mapping[str, str]
    ) -> Outcome:
        ended = subprocess.run(
            [sys.executable, "-c", _SCRIPT, *words],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)
