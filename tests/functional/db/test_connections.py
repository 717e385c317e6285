# SPDX-License-Identifier: Apache-2.0
"""The store's connections, beside those of the service."""

from __future__ import annotations

import os
import socket
import typing as ty

from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
import testtools

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import transaction
from openstack_idempotency.sql.steps import Settings
from tests.functional.db import base

_ISOLATION = {
    "mysql": "SELECT @@tx_isolation",
    "postgresql": "SELECT current_setting('transaction_isolation')",
}
# What a connection says of the transaction that it is in.
_WITHIN = {
    "mysql": "SELECT @@in_transaction",
    "postgresql": "SELECT now() <> statement_timestamp()",
}


# Nobody else may use the table until it is said that they may.
_ALONE = {
    "mysql": ("LOCK TABLES client_tokens WRITE", "UNLOCK TABLES"),
    "postgresql": (
        "LOCK TABLE client_tokens IN ACCESS EXCLUSIVE MODE",
        "ROLLBACK",
    ),
}


class _Died(BaseException):
    """Stands for the end of a thread."""


@base.on_each_server
class _OurOwn(base.StoreTestCase):
    def _say(self, connection: sa.Connection, question: str) -> str:
        return str(connection.exec_driver_sql(question).scalar_one())

    def test_their_engine_has_no_events(self) -> None:
        # Else SQLAlchemy asks for all that there are, at each statement.
        engine: ty.Any = self.store.connections.engine()
        self.assertFalse(engine._has_events)

    def _within(self) -> str:
        return self.store.runner.statement(
            lambda c: self._say(c, _WITHIN[self.backend])
        )

    def assert_outside(self) -> None:
        """Assert that no connection of the pool is in a transaction."""
        self.assertIn(self._within(), ("0", "False"))

    def test_each_statement_is_read_committed(self) -> None:
        run = self.store.runner
        for through in (run.statement, run.transaction):
            found = through(lambda c: self._say(c, _ISOLATION[self.backend]))
            self.assertEqual("read committed", found.lower().replace("-", " "))

    def test_whatever_the_operator_s_default_is(self) -> None:
        if self.backend == "postgresql":
            name = self.database.engine.url.database
            with self.database.engine.begin() as connection:
                connection.exec_driver_sql(
                    f"ALTER DATABASE {name} SET "
                    "default_transaction_isolation = 'serializable'"
                )
            self.addCleanup(self._forget_default, str(name))
        self.test_each_statement_is_read_committed()

    def _forget_default(self, name: str) -> None:
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql(
                f"ALTER DATABASE {name} RESET default_transaction_isolation"
            )

    def test_an_error_leaves_no_transaction_open(self) -> None:
        def fail(connection: sa.Connection) -> ty.Any:
            connection.execute(sa.select(sa.literal(1)))
            raise error

        for error in (ValueError(), _Died()):
            self.assertRaises(type(error), self.store.runner.transaction, fail)
            self.assert_outside()

    def test_nor_does_a_statement_that_fails(self) -> None:
        def fail(connection: sa.Connection) -> ty.Any:
            return connection.exec_driver_sql("SELECT nothing_of_that_name")

        run = self.store.runner
        for through in (run.statement, run.transaction):
            self.assertRaises(errors.Unavailable, through, fail)
            self.assert_outside()

    def test_nor_does_a_begin_that_fails(self) -> None:
        engine = self.store.connections.engine()

        def fail(
            conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
        ) -> None:
            if statement.startswith(("BEGIN", "START")):
                raise ValueError(statement)

        self.store.look(use_of())
        sa.event.listen(engine, "after_cursor_execute", fail)
        self.assertRaises(
            errors.Unavailable, self.store.runner.transaction, lambda c: None
        )
        sa.event.remove(engine, "after_cursor_execute", fail)
        self.assert_outside()

    def test_who_waits_too_long_is_told(self) -> None:
        held = self.hold()
        with self.database.engine.begin() as connection:
            row = sa.text("UPDATE client_tokens SET bound = 0")
            self.assertEqual(1, connection.execute(row).rowcount)
            self.assertRaises(
                transaction.Locked,
                self.store.complete,
                held.claim,
                self.outcome(),
            )
        self.assert_outside()

    def test_who_waits_too_long_for_the_whole_table_is_told(self) -> None:
        take, free = _ALONE[self.backend]
        self.store.look(use_of())
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql(take)
            self.assertRaises(transaction.Locked, self.store.look, use_of())
            connection.exec_driver_sql(free)
        self.assert_outside()

    def test_connections_that_the_server_closed_are_replaced(self) -> None:
        self.hold()
        for _ in range(2):
            self._close_all()
            self.assertIsNotNone(self.row())

    def test_within_a_transaction_too(self) -> None:
        use = self.hold().use
        self._close_all()
        self.assertTrue(self.store.rerun(self.row(use), use_of()))

    def _close_all(self) -> None:
        """Let the server close the connections of the pool."""
        engine = self.store.connections.engine()
        question = (
            "SELECT pg_backend_pid()"
            if self.backend == "postgresql"
            else "SELECT CONNECTION_ID()"
        )
        kill = (
            "SELECT pg_terminate_backend({})"
            if self.backend == "postgresql"
            else "KILL {}"
        )
        with engine.connect() as first, engine.connect() as second:
            numbers = [self._say(c, question) for c in (first, second)]
        with self.database.engine.connect() as connection:
            for number in numbers:
                connection.exec_driver_sql(kill.format(number))

    def test_a_child_opens_its_own(self) -> None:
        before = self._number()
        said, says = os.pipe()
        child = os.fork()
        if not child:
            os.write(says, self._number().encode())
            os._exit(0)
        os.close(says)
        os.waitpid(child, 0)
        with open(said) as stream:
            found = stream.read()
        self.assertNotIn(found, ("", before))
        self.assertEqual(before, self._number())

    def _number(self) -> str:
        question = (
            "SELECT pg_backend_pid()"
            if self.backend == "postgresql"
            else "SELECT CONNECTION_ID()"
        )
        return self.store.runner.statement(lambda c: self._say(c, question))

    def test_after_a_dispose_it_goes_on(self) -> None:
        self.hold()
        self.store.connections.dispose()
        self.assertIsNotNone(self.row())


class KeepaliveTest(base.StoreTestCase):
    """A host that is gone while a statement runs is missed in time."""

    backend = "postgresql"

    def test_the_server_is_asked_whether_it_is_there(self) -> None:
        with self.store.connections.engine().connect() as connection:
            driver: ty.Any = connection.connection.driver_connection
            wire = socket.socket(fileno=os.dup(driver.fileno()))
        self.addCleanup(wire.close)
        told = [
            wire.getsockopt(level, option)
            for level, option in (
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
            )
        ]
        self.assertEqual([1, 5, 1, 5], told)


class InMemoryTest(testtools.TestCase):
    """SQLite in memory has no second connection; Nova's tests run on it."""

    def test_the_store_works(self) -> None:
        manager = enginefacade.transaction_context()
        manager.configure(connection="sqlite://")
        engine = manager.writer.get_engine()
        self.addCleanup(engine.dispose)
        migration.db_sync(engine)
        store = base.AnyStore(
            manager,
            Settings(lease=contract.LEASE, token_ttl=contract.TTL),
        )
        use = use_of()
        key = store.claim(use)
        _, row = store.look(use)
        assert row is not None
        self.assertEqual(key, row.id)
        self.assertTrue(store.rerun(row, use_of()))
        self.assertIs(engine, store.connections.engine())
