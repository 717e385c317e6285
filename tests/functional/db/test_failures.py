# SPDX-License-Identifier: Apache-2.0
"""A database that does not answer as it should: protocol sections 3 and 4."""

from __future__ import annotations

import typing as ty

import ddt
import fixtures
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
import testtools

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import tables
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from tests.functional.db import base

# What must not be in a log, in the ways in which it could be written there.
_TOKEN = "hush-hush"
_SEALED = b"sealed-answer"


def _calls(tokens: ty.Any) -> dict[str, ty.Callable[[], object]]:
    """Return a call of each of the store's methods."""
    use = use_of(_TOKEN)
    claim = Claim(1, use.digests[0], use.owner, 0, 0.0)
    row = Record(
        id=1,
        digest=use.digests[0],
        fingerprint=use.fingerprints[0],
        state=State.RUNNING,
        owner="owner",
        linked=True,
        bound=1,
        takeovers=0,
        undo=0,
        roles=frozenset(),
        lease_until=0,
        expires_at=0,
        request_id="req-1",
        status=None,
        sealed=None,
    )
    outcome = Outcome(State.SUCCEEDED, 202, _SEALED, 0)
    return {
        "look": lambda: tokens.look(use),
        "claim": lambda: tokens.claim(use),
        "rerun": lambda: tokens.rerun(row, use),
        "recover": lambda: tokens.recover(row, use),
        "extend": lambda: tokens.extend([claim]),
        "complete": lambda: tokens.complete(claim, outcome),
        "free": lambda: tokens.free(claim, use),
        "unbind": lambda: tokens.unbind(claim, lambda *_: False),
        "abandon": lambda: tokens.abandon(claim),
        "give_back": lambda: tokens.give_back(use),
        "withdraw": lambda: tokens.withdraw(claim, use, _nothing),
        "todos": lambda: tokens.todos(1),
        "undone": lambda: tokens.undone(claim, [1]),
        "resources": lambda: tokens.resources(1),
        "young": lambda: tokens.young(use.scope),
        "holder": lambda: tokens.holder(claim),
    }


# They are called with a store only when a test calls them.
_METHODS = tuple(_calls(None))


def _nothing(transaction: ty.Any, resources: ty.Any) -> Withdrawn:
    return Withdrawn(Fate.WITHDRAWN)


class _FailureTestCase(base.StoreTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(base.NoDelay())

    def assert_unavailable(self, call: ty.Callable[[], object]) -> None:
        self.assertRaises(errors.Unavailable, call)
        self.assertIn("Client tokens are refused", self.log.output)
        self.assert_no_secrets(self.log.output)

    def assert_no_secrets(self, text: str) -> None:
        use = use_of(_TOKEN)
        for value in (*use.digests, *use.fingerprints):
            for way in (repr(value)[2:20], value.hex()):
                self.assertNotIn(way, text)
        self.assertNotIn(_TOKEN, text)
        self.assertNotIn(_SEALED.decode(), text)
        self.assertNotIn(_SEALED.hex(), text)


@base.on_each_backend
@ddt.ddt
class _NoTables(_FailureTestCase):
    def setUp(self) -> None:
        super().setUp()
        engine = self.database.engine
        tables.METADATA.drop_all(engine)
        self.addCleanup(tables.METADATA.create_all, engine)

    @ddt.data(*_METHODS)
    def test_each_method_says_how_to_create_them(self, name: str) -> None:
        self.assert_unavailable(_calls(self.store)[name])
        self.assertIn("Create it with 'db sync'", self.log.output)


@base.on_each_backend
@ddt.ddt
class _Broken(_FailureTestCase):
    """Statements fail, with an error that nobody expects."""

    def setUp(self) -> None:
        super().setUp()
        engine = self.store.connections.engine()
        sa.event.listen(engine, "before_cursor_execute", self._spoil,
                        retval=True)  # fmt: skip
        self.addCleanup(
            sa.event.remove, engine, "before_cursor_execute", self._spoil
        )

    def _spoil(
        self, conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
    ) -> tuple[str, ty.Any]:
        values, *_ = rest
        return statement.replace("client_token", "( client_token"), values

    @ddt.data(*_METHODS)
    def test_each_method_is_unavailable_and_tells_no_values(
        self, name: str
    ) -> None:
        self.assert_unavailable(_calls(self.store)[name])


@base.on_each_server
class _Disconnected(_FailureTestCase):
    """Connections break, in the middle of statements or at their end."""

    def setUp(self) -> None:
        super().setUp()
        self.breaks = 0
        self.broken = 0
        self._engine = self.store.connections.engine()
        # Those of all engines come before ours, which executes statements on
        # PostgreSQL by itself.
        listener = sa.Engine, "do_execute", self._fail
        sa.event.listen(*listener)
        self.addCleanup(sa.event.remove, *listener)

    def _fail(
        self, cursor: ty.Any, statement: str, values: ty.Any, context: ty.Any
    ) -> None:
        ours = context.engine is self._engine
        if self.breaks and ours and "client_token" in statement:
            self.breaks -= 1
            self.broken += 1
            raise _error_of(context.dialect)

    def test_one_break_is_not_noticed(self) -> None:
        for call in _calls(self.store).values():
            self.breaks = 1
            call()
        self.assertEqual(len(_calls(self.store)), self.broken)

    def test_for_good_it_is_unavailable_and_tells_no_values(self) -> None:
        for name in ("claim", "complete"):
            self.breaks = 100
            self.assert_unavailable(_calls(self.store)[name])
            self.assertIn("DBConnectionError", self.log.output)

    def test_tries_are_few(self) -> None:
        self.breaks = 100
        self.assert_unavailable(_calls(self.store)["look"])
        self.assertLess(self.broken, 10)


@base.on_each_backend
class _Committed(_FailureTestCase):
    """The connection breaks after the database has committed."""

    def setUp(self) -> None:
        super().setUp()
        self.breaks = 0
        self._within = False

    def _break_after_commit(self) -> None:
        self.breaks = 1
        if self.backend == "sqlite":
            self._break_the_service_s()
            return
        engine = self.store.connections.engine()
        if not sa.event.contains(engine, "after_cursor_execute", self._break):
            sa.event.listen(engine, "after_cursor_execute", self._break)

    def _break(
        self, conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
    ) -> None:
        if statement.startswith(("BEGIN", "START")):
            self._within = True
        writes = ("INSERT INTO", "UPDATE client", "DELETE FROM")
        wrote = any(word in statement for word in writes)
        committed = wrote and not self._within
        if statement == "COMMIT":
            committed, self._within = True, False
        if committed and self.breaks:
            self.breaks -= 1
            raise _error_of(conn.dialect)

    def _break_the_service_s(self) -> None:
        dialect = self.database.engine.dialect
        commit = dialect.do_commit

        def then_break(connection: ty.Any) -> None:
            commit(connection)
            if self.breaks:
                self.breaks -= 1
                raise _error_of(dialect)

        dialect.do_commit = then_break
        self.addCleanup(setattr, dialect, "do_commit", commit)

    def test_a_claim_is_recognised_as_our_own(self) -> None:
        for secrets in ((contract.ONE,), (contract.ONE, contract.TWO)):
            use = use_of(str(len(secrets)), secrets=secrets)
            self._break_after_commit()
            key = self.store.claim(use)
            self.assertEqual(0, self.breaks)
            row = self.row(use)
            self.assertEqual((row.id, row.owner), (key, use.owner))

    def test_a_takeover_is_recognised_as_our_own(self) -> None:
        for take in ("rerun", "recover"):
            self.hold(token=take)
            use = use_of(take)
            row = self.row(use)
            self._break_after_commit()
            self.assertTrue(getattr(self.store, take)(row, use))
            self.assertEqual(0, self.breaks)

    def test_an_outcome_is_written_down_once_more(self) -> None:
        _, claim = self.hold()
        self._break_after_commit()
        self.assertTrue(self.store.complete(claim, self.outcome()))

    def test_a_release_frees_the_token(self) -> None:
        use, claim = self.hold()
        self._break_after_commit()
        freed = self.store.free(claim, use)
        self.assertIs(Freeing.FREED, freed)
        self.assertTrue(self.is_free())


def _error_of(dialect: sa.Dialect) -> Exception:
    """Return what a driver raises when its connection has broken."""
    driver = dialect.dbapi
    assert driver is not None
    if dialect.name == "mysql":
        return driver.OperationalError(2013, "Lost connection")
    if dialect.name == "postgresql":
        return driver.OperationalError("server closed the connection")
    return driver.ProgrammingError("Cannot operate on a closed database.")


@ddt.ddt
class UnreachableTest(testtools.TestCase):
    """There is no server at all; not even a database to be cleaned."""

    @ddt.named_data(
        *(
            (f"{url.partition(':')[0]}_{name}", url, name)
            for url in (
                "mysql+pymysql://u:pw-hush@127.0.0.1:1/nova_api",
                "postgresql+psycopg2://u:pw-hush@127.0.0.1:1/nova_api",
                "sqlite:////nowhere/at/all.sqlite",
            )
            for name in _METHODS
        )
    )
    def test_it_is_unavailable_and_tells_no_values(
        self, url: str, name: str
    ) -> None:
        self.useFixture(base.NoDelay())
        log = self.useFixture(fixtures.FakeLogger())
        manager = enginefacade.transaction_context()
        manager.configure(connection=url, max_retries=1, retry_interval=0)
        tokens = SqlTokenStore(manager, Settings(lease=1000, token_ttl=60000))
        self.assertRaises(errors.Unavailable, _calls(tokens)[name])
        self.assertIn("Client tokens are refused", log.output)
        for hushed in (_TOKEN, "pw-hush", _SEALED.decode()):
            self.assertNotIn(hushed, log.output)
