# SPDX-License-Identifier: Apache-2.0
"""The operators' command, on a database of its own."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as ty

import fixtures
import sqlalchemy as sa
import testtools

from embedded import ports
from testing import databases

_SCRIPTS = pathlib.Path(sys.executable).parent


class Command(testtools.TestCase):
    """Runs the command on a database of its own.

    :cvar service: the service's name
    """

    service: ty.ClassVar[str]
    #: A file of SQLite as the service's own command has filled it, which
    #: takes longer than all else.
    filled: ty.ClassVar[bytes | None] = None

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        database = self.folder / "service.sqlite"
        self.url = f"sqlite:///{database}"
        self.file = self.configured()
        if self.filled is not None:
            database.write_bytes(self.filled)
            return
        self.assertEqual(0, self.upstream("sync").returncode)
        if database.exists():
            type(self).filled = database.read_bytes()

    def configured(self) -> pathlib.Path:
        """Write the service's configuration, and return the file."""
        raise NotImplementedError

    def upstream(self, what: str) -> subprocess.CompletedProcess[str]:
        """Run the service's own command on its database."""
        raise NotImplementedError

    def script(
        self, name: str, *arguments: str, cwd: pathlib.Path | None = None
    ) -> ty.Any:
        done = subprocess.run(
            [_SCRIPTS / name, *arguments],
            check=False,
            cwd=cwd,
            capture_output=True,
            text=True,
        )
        self.addDetail(
            f"{name} {arguments[-1]}", testtools.content.text_content(
                done.stdout + done.stderr
            )
        )  # fmt: skip
        return done

    def run_it(self, *arguments: str, status: int = 0) -> str:
        done = self.script(
            "openstack-idempotency", "--service", self.service,
            "--config-file", str(self.file), *arguments,
        )  # fmt: skip
        self.assertEqual(status, done.returncode, done.stderr)
        # What a service tells its developers, as Eventlet's warning as soon
        # as it is loaded, is not the operators' business.
        self.assertNotIn("Warning: ", done.stderr)
        return done.stdout if status == 0 else done.stderr

    def check_the_tables(self) -> None:
        """Ours come and go, and the service's own stay as they are."""
        self.assertEqual("none\n", self.run_it("db", "version"))
        said = self.run_it("db", "sync")
        self.assertIn("The tables are at version", said)
        self.assertEqual(said, self.run_it("db", "sync"))
        for what in ("sync", "check"):
            self.assertEqual(0, self.upstream(what).returncode, what)
        engine = sa.create_engine(self.url)
        names = set(sa.inspect(engine).get_table_names())
        self.assertLess(
            {"client_tokens", "alembic_version_idempotency"}, names
        )
        self.run_it("db", "drop", "--yes")
        left = set(sa.inspect(engine).get_table_names())
        engine.dispose()
        ours = {n for n in names if n.startswith("client_token")}
        self.assertEqual(names - ours - {"alembic_version_idempotency"}, left)


class OnMysql(Command):
    """Has its database on MariaDB, where services' own migrations run."""

    def configured(self) -> pathlib.Path:
        missing = databases.missing("mysql")
        if missing:
            self.skipTest(missing)
        database = self.useFixture(databases.ServerDatabase("mysql"))
        self.url = str(database.url)
        return super().configured()


class Commanding(Command):
    """What the command does for a service."""

    def test_the_tables_stand_beside_the_service_s_own(self):
        self.check_the_tables()

    def test_what_else_it_can(self):
        self.run_it("db", "sync")
        listed = self.run_it("list", "--format", "json")
        self.assertEqual([], json.loads(listed))
        self.run_it("purge", "--max_rows", "10")
        self.run_it("show", "1", status=1)
        self.run_it("release", "1", status=1)
        told = self.run_it("stats", "--format", "prometheus")
        self.assertIn(f"openstack_{self.service}_client_tokens", told)
        # Whether the pipeline has the filter is a warning: 1.
        self.run_it("upgrade", "check", status=1)

    def test_without_the_tables_it_says_what_to_run(self):
        said = self.run_it("list", status=1)
        sync = f"openstack-idempotency --service {self.service} db sync"
        self.assertIn(sync, said)

    def test_without_a_database_it_makes_none(self):
        """Some services take a file in the current folder then."""
        here = self.folder / "here"
        here.mkdir()
        file = here / "empty.conf"
        file.touch()
        done = self.script(
            "openstack-idempotency", "--service", self.service,
            "--config-file", str(file), "db", "sync", cwd=here,
        )  # fmt: skip
        self.assertNotEqual(0, done.returncode, done.stdout)
        self.assertIn("connection", done.stderr)
        self.assertEqual([file], [*here.iterdir()])

    def test_a_database_that_is_down_is_not_waited_for(self):
        text = self.file.read_text()
        (port,) = ports.free(1)
        url = f"mysql+pymysql://u@127.0.0.1:{port}/d"
        self.file.write_text(text.replace(self.url, url))
        said = self.run_it("list", status=1)
        self.assertIn("the database cannot be used", said)
        self.assertIn("Check [", said)
        # oslo.db's own tries, which take 100 seconds.
        self.assertNotIn("attempts left", said)

    def test_its_usage_is_what_is_to_be_typed(self):
        said = self.run_it("db", "sync", "--help")
        command = f"openstack-idempotency --service {self.service} db sync"
        self.assertIn(f"usage: {command} [-h]", said)

    def test_a_service_that_is_none(self):
        done = self.script("openstack-idempotency", "--service", "x", "list")
        self.assertEqual(2, done.returncode)
        self.assertIn("There is no adapter for 'x'", done.stderr)
        self.assertIn(self.service, done.stderr)
