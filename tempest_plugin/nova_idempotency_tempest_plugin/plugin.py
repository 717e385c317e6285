# SPDX-License-Identifier: Apache-2.0
"""What Tempest asks of a plugin."""

from __future__ import annotations

import pathlib
import typing as ty

from tempest import config as tempest_config
from tempest.test_discover import plugins

from nova_idempotency_tempest_plugin import config


class Plugin(plugins.TempestPlugin):  # type: ignore[misc]
    """The tests, and their options (Tempest's ``test_discover.plugins``)."""

    def load_tests(self) -> tuple[str, str]:
        """Return the folder of the tests, and what they are below."""
        here = pathlib.Path(__file__).parent
        return str(here / "tests"), str(here.parent)

    def register_opts(self, conf: ty.Any) -> None:
        """Register our options.

        :param conf: Tempest's configuration
        """
        tempest_config.register_opt_group(conf, config.GROUP, config.OPTIONS)

    def get_opt_lists(self) -> list[tuple[str, list[ty.Any]]]:
        """Return our options, for a sample of the configuration."""
        return [(config.GROUP.name, config.OPTIONS)]
