# SPDX-License-Identifier: Apache-2.0
"""A server that does not know SKIP LOCKED: MariaDB before 10.6, say."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import typing as ty

import fixtures
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
import testtools

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import capability
from openstack_idempotency.sql import migration
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from tests.functional.db import base

_ASKED = b"SKIP LOCKED"
_NEEDED = "MariaDB 10.6, MySQL 8.0.1 or PostgreSQL 9.5"


class OlderServer(fixtures.Fixture):
    """A proxy that answers as a MariaDB before 10.6 would.

    :param url: the server behind it
    """

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url)

    def _setUp(self) -> None:
        there = (self._url.host, self._url.port or 3306)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(there) as server:
                    _pass_on(self.request, server)

        self._server = socketserver.ThreadingTCPServer(
            ("127.0.0.1", 0), Handler
        )
        self._server.daemon_threads = True
        self.addCleanup(self._server.server_close)
        self.addCleanup(self._server.shutdown)
        threading.Thread(
            target=self._server.serve_forever, daemon=True
        ).start()
        _, port, *_ = self._server.server_address
        url = self._url.set(host="127.0.0.1", port=port)
        self.url = url.render_as_string(hide_password=False)


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    """Pass packets on; one that asks for what is missing is refused."""

    def answers() -> None:
        while data := server.recv(65536):
            client.sendall(data)

    threading.Thread(target=answers, daemon=True).start()
    stream = client.makefile("rb")
    while head := stream.read(4):
        body = stream.read(int.from_bytes(head[:3], "little"))
        if _ASKED in body:
            client.sendall(_syntax_error(head[3] + 1))
        else:
            server.sendall(head + body)
    server.shutdown(socket.SHUT_RDWR)


def _syntax_error(number: int) -> bytes:
    text = b"You have an error in your SQL syntax"
    body = b"\xff" + struct.pack("<H", 1064) + b"#42000" + text
    return len(body).to_bytes(3, "little") + bytes([number]) + body


class _OlderTestCase(base.EmptyTestCase):
    backend = "mysql"

    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        older = self.useFixture(OlderServer(self.database.url))
        self.manager = enginefacade.transaction_context()
        self.manager.configure(
            connection=older.url, max_retries=1, retry_interval=0
        )
        self.older = self.manager.writer.get_engine()
        self.addCleanup(self.older.dispose)
        self.store = SqlTokenStore(
            self.manager,
            Settings(lease=contract.LEASE, token_ttl=contract.TTL),
        )
        self.addCleanup(self.store.connections.dispose)


class OlderServerTest(_OlderTestCase):
    def test_db_sync_refuses_and_says_what_is_needed(self) -> None:
        refusal = self.assertRaises(
            capability.Unsupported, migration.db_sync, self.older
        )
        self.assertIn(_NEEDED, str(refusal))
        self.assertEqual([], sa.inspect(self.engine).get_table_names())

    def test_the_store_refuses_at_its_first_connection(self) -> None:
        migration.db_sync(self.engine)
        use = use_of()
        for _ in range(2):
            self.assertRaises(errors.Unavailable, self.store.look, use)
            self.assertRaises(errors.Unavailable, self.store.claim, use)
        self.assertIn(_NEEDED, self.log.output)
        with self.engine.connect() as connection:
            self.assertEqual([], self._rows(connection))

    def test_the_probe_refuses(self) -> None:
        refusal = self.assertRaises(capability.Unsupported, self.store.probe)
        self.assertIn(_NEEDED, str(refusal))
        version = self.engine.dialect.server_version_info or ()
        self.assertIn(".".join(map(str, version[:2])), str(refusal))

    def _rows(self, connection: sa.Connection) -> list[ty.Any]:
        query = "SELECT id FROM client_tokens"
        return list(connection.exec_driver_sql(query))


@base.on_each_backend
class _Capable(base.EmptyTestCase):
    def test_the_probe_says_nothing(self) -> None:
        settings = Settings(lease=contract.LEASE, token_ttl=contract.TTL)
        store = SqlTokenStore(self.database.manager, settings)
        self.addCleanup(store.connections.dispose)
        store.probe()


class OutOfReachTest(testtools.TestCase):
    def test_the_probe_says_nothing(self) -> None:
        manager = enginefacade.transaction_context()
        manager.configure(
            connection="mysql+pymysql://u:p@127.0.0.1:1/nova_api",
            max_retries=1,
            retry_interval=0,
        )
        store = SqlTokenStore(manager, Settings(lease=1000, token_ttl=60000))
        store.probe()


class NoUrlTest(testtools.TestCase):
    """The service starts, and nothing that a URL may hold is logged."""

    def test_the_probe_only_warns(self) -> None:
        log = self.useFixture(fixtures.FakeLogger())
        manager = enginefacade.transaction_context()
        manager.configure(connection="no URL, but pa55word")
        store = SqlTokenStore(manager, Settings(lease=1000, token_ttl=60000))
        store.probe()
        self.assertIn("(ArgumentError)", log.output)
        self.assertNotIn("pa55word", log.output)


class BinaryLogTest(testtools.TestCase):
    """READ COMMITTED cannot be written into a log of statements."""

    def test_by_statement_it_is_refused(self) -> None:
        refusal = self.assertRaises(
            capability.Unsupported,
            capability.check_binary_log,
            {"log_bin": "ON", "binlog_format": "STATEMENT"},
        )
        self.assertIn("binlog_format", str(refusal))

    def test_otherwise_it_is_not(self) -> None:
        for variables in (
            {"log_bin": "OFF", "binlog_format": "STATEMENT"},
            {"log_bin": "ON", "binlog_format": "MIXED"},
            {"log_bin": "ON"},
            {},
        ):
            capability.check_binary_log(variables)
