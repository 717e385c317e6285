# SPDX-License-Identifier: Apache-2.0
"""Runs the operators' command on a table of a server."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import typing as ty

import fixtures
import sqlalchemy as sa
import testtools

from embedded import paste
from nova.db.idempotency import kinds
from openstack_idempotency.protocol import digest
from openstack_idempotency.sql import clock
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from testing import databases
from tests.functional.terminal import SOON
from tests.functional.terminal import Terminal

_COMMAND = "nova-idempotency"
SECRET = "of tests only: 0123456789 0123456789"
_CONF = """\
[DEFAULT]
host = here
[api_database]
connection = {url}
[idempotency]
secret = {secret}
purge_batch = 2
[wsgi]
api_paste_config = {paste}
"""
TTL = 86_400_000


class Commanding(testtools.TestCase):
    """Base of tests of which each runs commands, as processes of their own."""

    backend: str

    def setUp(self) -> None:
        super().setUp()
        missing = databases.missing(self.backend)
        if missing:
            self.skipTest(missing)
        # Nova's own imports warn of Eventlet, in each of its commands.
        warnings = fixtures.EnvironmentVariable("PYTHONWARNINGS", "ignore")
        self.useFixture(warnings)
        self.url = self.useFixture(databases.ServerDatabase(self.backend)).url
        self.engine = sa.create_engine(self.url)
        self.addCleanup(self.engine.dispose)
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        pipelines = paste.installed()
        paste.turn_on(pipelines)
        (self.folder / "api-paste.ini").write_text(paste.text(pipelines))
        (self.folder / "nova.conf").write_text(
            _CONF.format(
                url=self.url,
                secret=SECRET,
                paste=self.folder / "api-paste.ini",
            )
        )

    def command(self, *arguments: str) -> list[str]:
        """Return a command line."""
        command = os.path.join(os.path.dirname(sys.executable), _COMMAND)
        conf = str(self.folder / "nova.conf")
        return [command, "--config-file", conf, *arguments]

    def on_terminal(self, *arguments: str) -> Terminal:
        """Run the command on a terminal."""
        terminal = Terminal(self.command(*arguments))
        self.addCleanup(terminal.close)
        return terminal

    def ran(
        self, status: int, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, which ends with a status; return its output."""
        done = subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SOON,
            check=False,
        )
        said = done.stdout + done.stderr
        self.assertEqual(status, done.returncode, said)
        self.assertNotIn("Traceback", said)
        self.assertNotIn(SECRET, said)
        return done

    def put(self, count: int = 1, **values: object) -> list[int]:
        """Insert tokens; return their keys."""
        row = {
            "target_digest": b"t" * 32, "fingerprint": b"f" * 32,
            "key_id": digest.key_id(SECRET.encode()), "host": "here",
            "project_id": "p1", "user_id": "u1", "target": "POST /servers",
            "version": "2.90", "roles": "[]", "state": "succeeded",
            "linked": True, "bound": 0, "takeovers": 0, "undo": 0, "fence": 0,
            "owner": "o", "request_id": "req-1", "lease_until": 0,
            "created_at": self.now, "expires_at": self.now + TTL,
            "lasting": False, "status": 202, "sealed": b"the answer",
        } | values  # fmt: skip
        keys = []
        with self.engine.begin() as connection:
            for _ in range(count):
                insert = sa.insert(TOKENS).values(
                    row | {"token_digest": os.urandom(32)}
                )
                made: ty.Any = connection.execute(insert)
                keys.append(made.inserted_primary_key[0])
        return keys

    @property
    def now(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(sa.select(clock.now())) or 0)

    def count(self) -> int:
        with self.engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(TOKENS)
            return int(connection.scalar(query) or 0)

    def bind(self, key: int, server: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(RESOURCES).values(
                    token_id=key, kind="server", resource_id=server,
                    row_key="1",
                )
            )  # fmt: skip

    def mappings(self) -> None:
        """Make the one table of Nova's that says which servers there are."""
        model = kinds.SERVER.model.__table__
        columns = [
            sa.Column(one.name, one.type, primary_key=one.primary_key)
            for one in model.columns
        ]
        with self.engine.begin() as connection:
            sa.Table(model.name, sa.MetaData(), *columns).create(connection)


def on_each_server(scenario: type) -> None:
    """Put a class of tests for each server into a scenario's module.

    :param scenario: a class of scenarios, which is not run itself
    """
    for backend in ("mysql", "postgresql"):
        on_server(backend)(scenario)


def on_server(backend: str) -> ty.Callable[[type], None]:
    """Return what puts a class of tests for one server into a module.

    :param backend: which server
    """

    def put(scenario: type) -> None:
        module = sys.modules[scenario.__module__]
        name = f"{scenario.__name__.strip('_')}On{backend.capitalize()}Test"
        values = {"backend": backend, "__module__": module.__name__}
        setattr(module, name, type(name, (scenario,), values))

    return put
