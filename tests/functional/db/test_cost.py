# SPDX-License-Identifier: Apache-2.0
"""How many round trips a request with a token costs, counted on the wire."""

from __future__ import annotations

import typing as ty

import fixtures
from pymysql import connections
import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.errands import Errands


class _Wire(fixtures.Fixture):
    """Notes what goes to a server, on whatever connection.

    :param test: whose store and service are listened to
    """

    def __init__(self, test: base.StoreTestCase) -> None:
        self._test = test
        #: The first word of each message, of the store and of the service.
        self.ours: list[str] = []
        self.services: list[str] = []

    def _setUp(self) -> None:
        if self._test.backend == "mysql":
            self._tap_pymysql()
            return
        # The driver is a library in C: at its door, then. That it sends
        # nothing by itself is what autocommit means.
        for engine, said in (
            (self._test.store.connections.engine(), self.ours),
            (self._test.database.engine, self.services),
        ):
            self._listen(engine, said)

    def _listen(self, engine: sa.Engine, said: list[str]) -> None:
        def note(
            conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
        ) -> None:
            if said is self.ours:
                self._test.assertTrue(cursor.connection.autocommit)
            said.append(statement.rpartition("; ")[2].split()[0])

        sa.event.listen(engine, "before_cursor_execute", note)
        self.addCleanup(sa.event.remove, engine, "before_cursor_execute", note)

    def _tap_pymysql(self) -> None:
        send = connections.Connection._execute_command

        def note(connection: ty.Any, command: int, sql: ty.Any) -> None:
            text = sql if isinstance(sql, str) else bytes(sql).decode("latin1")
            # A limit that the service's connections do not have.
            ours = connection._read_timeout is not None
            said = self.ours if ours else self.services
            said.append(text.split()[0] if text else f"command {command}")
            send(connection, command, sql)

        name = "pymysql.connections.Connection._execute_command"
        self.useFixture(fixtures.MonkeyPatch(name, note))


@base.on_each_server
class _Cost(base.StoreTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.errands = Errands(self, self.store, (contract.ONE,))
        # The first connection is opened, and the server asked what it can.
        self.store.look(contract.use_of("another"))
        self.things()
        self.wire = self.useFixture(_Wire(self))

    def test_a_refused_request(self) -> None:
        self.errands.answer(errands.Work(lambda: errands.REFUSED))
        self.assertEqual(["SELECT", "INSERT", "DELETE"], self.wire.ours)
        self.assertEqual([], self.wire.services)

    def test_a_replay(self) -> None:
        self.errands.answer(errands.Work(lambda: errands.MADE))
        self.wire.ours.clear()
        self.errands.answer(errands.Work(lambda: errands.MADE))
        self.assertEqual(["SELECT"], self.wire.ours)
        self.assertEqual([], self.wire.services)

    def test_a_success_that_is_not_linked(self) -> None:
        self.errands.answer(errands.Work(lambda: errands.MADE))
        self.assertEqual(["SELECT", "INSERT", "UPDATE"], self.wire.ours)
        self.assertEqual([], self.wire.services)

    def test_a_success_that_is_linked(self) -> None:
        self.errands.success()()
        self.assertEqual(["SELECT", "INSERT", "UPDATE"], self.wire.ours)
        # The fence, the thing and the binding, in the service's transaction.
        said = [s for s in self.wire.services if s in ("UPDATE", "INSERT")]
        self.assertEqual(["UPDATE", "INSERT", "INSERT"], said)

    def test_no_statement_is_built_for_one_request(self) -> None:
        # To build it costs more CPU than all else that is done for it.
        first, again = self._executed(), self._executed()
        # Look, claim, fence, bind and complete.
        self.assertEqual(5, len(first))
        for one, other in zip(first, again, strict=True):
            self.assertIs(one, other, str(one))

    def _executed(self) -> list[ty.Any]:
        """Return the statements of ours that a success executes."""
        self._empty()
        executed: list[ty.Any] = []

        def note(
            connection: sa.Connection, statement: ty.Any, *rest: ty.Any
        ) -> None:
            if "client_token" in str(statement.compile(connection)):
                executed.append(statement)

        engines = self.store.connections.engine(), self.database.engine
        for engine in engines:
            sa.event.listen(engine, "before_execute", note)
        try:
            self.errands.success()()
        finally:
            for engine in engines:
                sa.event.remove(engine, "before_execute", note)
        return executed
