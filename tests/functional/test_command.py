# SPDX-License-Identifier: Apache-2.0
"""The operators' command, as a process of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import ddt
import fixtures
import testtools

_COMMAND = "nova-idempotency"


@ddt.ddt
class CommandTest(testtools.TestCase):
    """nova-idempotency reads nova.conf as nova-manage does."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir())
        self.database = self.folder.join("api.sqlite")

    def run_with(
        self, connection: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command with a nova.conf of its own."""
        conf = self.folder.join("nova.conf")
        with open(conf, "w") as file:
            file.write("[api_database]\nmax_retries = 0\n")
            file.write(f"connection = {connection}\n")
        command = os.path.join(os.path.dirname(sys.executable), _COMMAND)
        return subprocess.run(
            [command, "--config-file", conf, *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def on_sqlite(self, *arguments: str) -> str:
        done = self.run_with(f"sqlite:///{self.database}", *arguments)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()

    def test_db_sync_is_safe_to_run_again(self) -> None:
        self.assertEqual("none", self.on_sqlite("db", "version"))
        self.on_sqlite("db", "sync")
        version = self.on_sqlite("db", "version")
        self.assertRegex(version, "^[0-9a-f]{12}$")
        self.on_sqlite("db", "sync")
        self.assertEqual(version, self.on_sqlite("db", "version"))
        with sqlite3.connect(self.database) as database:
            names = database.execute("SELECT name FROM sqlite_master")
            self.assertIn(("client_tokens",), names.fetchall())

    def test_a_database_that_cannot_be_used_is_named(self) -> None:
        nowhere = self.folder.join("no", "such", "folder")
        for connection in ("", f"sqlite:///{nowhere}"):
            done = self.run_with(connection, "db", "sync")
            self.assertEqual(1, done.returncode)
            self.assertIn("[api_database] connection", done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    @ddt.data(
        "no URL",
        "mysql+pymysql://root@127.0.0.1:half a password/nova_api",
        "mysql+pymysql://root:pass@127.0.0.1/nova_api?no_such_option=1",
    )
    def test_a_url_that_cannot_be_read_is_not_shown(self, url: str) -> None:
        done = self.run_with(url, "db", "sync")
        self.assertEqual(1, done.returncode)
        self.assertIn("Check [api_database] connection", done.stderr)
        self.assertIn("dialect+driver://", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertNotIn("half a password", done.stderr)

    @ddt.data("nodialect://127.0.0.1/nova_api", "mssql+pymssql://h/nova_api")
    def test_a_driver_that_is_missing_is_named(self, url: str) -> None:
        done = self.run_with(url, "db", "sync")
        self.assertEqual(1, done.returncode)
        self.assertIn("Check [api_database] connection", done.stderr)
        self.assertIn(url.partition(":")[0].rpartition("+")[2], done.stderr)
        self.assertIn("Install its driver", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_a_configuration_that_cannot_be_read(self) -> None:
        done = self.run_with("\n[idempotency\n", "list")
        self.assertEqual(2, done.returncode)
        self.assertIn("nova.conf", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    @ddt.data("list", "purge", "upgrade check")
    def test_an_option_that_cannot_be_used_is_named(
        self, command: str
    ) -> None:
        url = (
            f"sqlite:///{self.database}\n[idempotency]\n"
            "secret = of tests only: 0123456789 0123456789\ntoken_ttl = 5"
        )
        self.on_sqlite("db", "sync")
        done = self.run_with(url, *command.split())
        self.assertIn(done.returncode, (1, 2, 3))
        said = done.stdout + done.stderr
        self.assertIn("token_ttl", said)
        self.assertNotIn("Traceback", said)

    def test_without_a_command_it_says_what_there_is(self) -> None:
        done = self.run_with("", "db")
        self.assertEqual(2, done.returncode)
        self.assertIn("{sync,version,drop}", done.stderr)
