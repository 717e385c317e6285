# SPDX-License-Identifier: Apache-2.0
"""The operators' command, for Neutron."""

from __future__ import annotations

import pathlib
import subprocess
import typing as ty

from tests.services import commands
from tests.services.neutron import world


class _Neutron(commands.Command):
    service = "neutron"

    def configured(self) -> pathlib.Path:
        return world.write(self.folder, self.url)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        found: subprocess.CompletedProcess[str] = self.script(
            "neutron-db-manage", "--config-file", str(self.file), *arguments
        )
        return found

    def upstream(self, what: str) -> ty.Any:
        return self.manage(
            *{
                "sync": ("upgrade", "heads"),
                "check": ("has_offline_migrations",),
            }[what]
        )


class CommandTest(_Neutron, commands.Commanding):
    """On SQLite, where Neutron's migrations do not run."""

    def upstream(self, what: str) -> ty.Any:
        if what == "sync":
            world.make_tables(self.url).dispose()
            return self.manage("stamp", "heads")
        return super().upstream(what)


class MigrationsOnMysqlTest(commands.OnMysql, _Neutron):
    """With Neutron's own migrations."""

    def test_the_tables_stand_beside_neutron_s_own(self):
        self.check_the_tables()
        for question in ("current", "check_migration"):
            self.assertEqual(0, self.manage(question).returncode, question)
