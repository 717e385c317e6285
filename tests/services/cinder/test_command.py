# SPDX-License-Identifier: Apache-2.0
"""The operators' command, for Cinder."""

from __future__ import annotations

import pathlib
import typing as ty

from tests.services import commands
from tests.services.cinder import world


class _Cinder(commands.Command):
    service = "cinder"

    def configured(self) -> pathlib.Path:
        return world.write(self.folder, self.url)

    def upstream(self, what: str) -> ty.Any:
        # It has no command that checks; a version is said if there is one.
        return self.script(
            "cinder-manage", "--config-file", str(self.file), "db",
            {"sync": "sync", "check": "version"}[what],
        )  # fmt: skip


class CommandTest(_Cinder, commands.Commanding):
    pass


class MigrationsOnMysqlTest(commands.OnMysql, _Cinder):
    """With Cinder's own migrations, on a server."""

    def test_the_tables_stand_beside_cinder_s_own(self):
        self.check_the_tables()
