# SPDX-License-Identifier: Apache-2.0
"""The operators' command, as a process of its own."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time

import ddt
import fixtures
import testtools

from embedded import ports

_COMMAND = "nova-idempotency"
# Seconds, with what a command takes to start on a machine that is busy. With
# oslo.db's own settings it takes 100 more, and with libpq's, minutes.
_SOON = 60
_DRIVERS = ("mysql+pymysql", "postgresql+psycopg2")


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
            file.write("[api_database]\n")
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

    def in_vain(self, url: str) -> str:
        """Run it without a database, and return what it says."""
        began = time.monotonic()
        done = self.run_with(url, "db", "version")
        self.assertLess(time.monotonic() - began, _SOON)
        self.assertEqual(1, done.returncode)
        self.assertIn("the database cannot be used", done.stderr)
        self.assertIn("Check [api_database] connection", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    @ddt.data(*_DRIVERS)
    def test_a_server_that_is_down_is_not_waited_for(self, driver: str):
        (port,) = ports.free(1)
        said = self.in_vain(f"{driver}://u@127.0.0.1:{port}/nova_api")
        # As Python says it, or Eventlet, which Nova 31 runs on.
        self.assertIn("refused", said.lower())
        self.assertNotIn("attempts left", said)

    @ddt.data(*_DRIVERS)
    def test_a_server_out_of_reach_is_waited_for_some_seconds(
        self, driver: str
    ):
        with socket.socket() as server, socket.socket() as queued:
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            # Now its queue is full: no more connections are answered.
            queued.connect(server.getsockname())
            port = server.getsockname()[1]
            self.in_vain(f"{driver}://u@127.0.0.1:{port}/nova_api")

    def test_what_an_operator_says_of_retries_counts(self) -> None:
        (port,) = ports.free(1)
        said = self.in_vain(
            f"mysql+pymysql://u@127.0.0.1:{port}/nova_api\n"
            "max_retries = 1\nretry_interval = 0"
        )
        self.assertIn("1 attempts left", said)

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
