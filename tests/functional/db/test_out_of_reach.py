# SPDX-License-Identifier: Apache-2.0
"""A database whose host does not answer any more: nobody waits for long."""

from __future__ import annotations

import contextlib
import socket
import threading
import types
import typing as ty

import fixtures
import sqlalchemy as sa
import testtools

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import migration
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from tests.functional.db import base

# Seconds that Nova alone waits for such a host: PyMySQL's own limit.
_NOVAS = 10.0


class _OutOfReachTestCase(base.EmptyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(base.NoDelay())
        self.log = self.useFixture(fixtures.FakeLogger())
        self.clock = fakes.Clock()
        migration.db_sync(self.engine)
        self.store = self.store_on(self.database.manager)
        self.store.look(use_of())

    def store_on(self, manager: ty.Any) -> SqlTokenStore:
        settings = Settings(lease=contract.LEASE, token_ttl=contract.TTL)
        store = SqlTokenStore(
            manager, settings, monotonic=self.clock.monotonic
        )
        self.addCleanup(store.connections.dispose)
        return store

    def seconds(self, call: ty.Callable[[], object]) -> float:
        """Return how long a client of a call in vain has waited."""
        before = self.clock.monotonic()
        self.assertRaises(errors.Unavailable, call)
        return self.clock.monotonic() - before


class VanishedTest(_OutOfReachTestCase):
    """Packets to the host vanish."""

    backend = "mysql"

    def setUp(self) -> None:
        super().setUp()
        self.tries = 0
        name = "socket.create_connection"
        self.useFixture(fixtures.MonkeyPatch(name, self._vanish))

    def _vanish(self, address: ty.Any, timeout: float, *rest: ty.Any) -> None:
        self.tries += 1
        self.clock.forward(timeout)
        raise TimeoutError("timed out")

    def test_a_new_connection_is_given_up_in_time(self) -> None:
        self.store.connections.dispose()
        waited = self.seconds(lambda: self.store.look(use_of()))
        self.assertLessEqual(waited, _NOVAS)
        self.assertLess(0, self.tries)

    def test_an_open_one_is_given_up_in_time(self) -> None:
        engine = self.store.connections.engine()

        vanished = []

        def vanish(*event: ty.Any) -> None:
            *_, context = event
            if context.engine is not engine:
                return
            vanished.append(context)
            self.clock.forward(opened._read_timeout)
            driver = ty.cast(ty.Any, engine.dialect.dbapi)
            raise driver.OperationalError(2013, "timed out")

        with engine.connect() as connection:
            opened: ty.Any = connection.connection.driver_connection
        # Those of all engines come before ours.
        sa.event.listen(sa.Engine, "do_execute", vanish)
        self.addCleanup(sa.event.remove, sa.Engine, "do_execute", vanish)
        waited = self.seconds(lambda: self.store.look(use_of()))
        self.assertLessEqual(waited, _NOVAS)
        self.assertLess(0, len(vanished))


class SilentTest(testtools.TestCase):
    """A host accepts connections, and never says a word."""

    def setUp(self) -> None:
        super().setUp()
        self.accepted: list[socket.socket] = []
        self.clock = fakes.Clock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self._close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted.append(connection)
                self.clock.forward(_NOVAS)

    def _close(self) -> None:
        self._listener.close()
        for connection in self.accepted:
            connection.close()

    def test_it_is_asked_once(self) -> None:
        self.useFixture(base.NoDelay())
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_idempotency.sql.connections._DRIVER_LIMITS",
                {"pymysql": {"connect_timeout": 1, "read_timeout": 1}},
            )
        )
        _, port = self._listener.getsockname()
        url = f"mysql+pymysql://root@127.0.0.1:{port}/nova_api"
        # Without enginefacade, which would try to connect by itself.
        services = sa.create_engine(url)
        writer = types.SimpleNamespace(get_engine=lambda: services)
        manager = types.SimpleNamespace(writer=writer)
        settings = Settings(lease=contract.LEASE, token_ttl=contract.TTL)
        store = SqlTokenStore(
            manager, settings, monotonic=self.clock.monotonic
        )
        self.assertRaises(errors.Unavailable, store.look, use_of())
        self.assertEqual(1, len(self.accepted))


@base.on_each_server
class _Limits(_OutOfReachTestCase):
    def test_a_connection_has_them(self) -> None:
        engine = self.store.connections.engine()
        with engine.connect() as connection:
            raw: ty.Any = connection.connection.driver_connection
        if self.backend == "mysql":
            self.assertLessEqual(raw.connect_timeout, _NOVAS)
            self.assertLessEqual(raw._read_timeout, _NOVAS)
            self.assertLessEqual(raw._write_timeout, _NOVAS)
            return
        parameters = raw.info.dsn_parameters
        self.assertLessEqual(float(parameters["connect_timeout"]), _NOVAS)
        milliseconds = float(parameters["tcp_user_timeout"])
        self.assertLessEqual(milliseconds / 1000, _NOVAS)
