# SPDX-License-Identifier: Apache-2.0
"""What is read outside of a transaction may be old, and decides nothing.

So it is on a node of Galera that lags behind, or behind a proxy that sends
reads elsewhere. Here such reads come from an older snapshot.
"""

from __future__ import annotations

import typing as ty

import fixtures
import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.fixture import contract
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from openstack_idempotency.sql.tables import WITHDRAWALS
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.errands import Errands


class _Lag(fixtures.Fixture):
    """Lets a store read what was committed by now, and nothing later.

    :param engine: the database
    :param store: whose reads become old; not that of the token's row, by
        which a takeover compares
    """

    def __init__(self, engine: sa.Engine, store: SqlTokenStore) -> None:
        self._engine = engine
        self._store = store

    def _setUp(self) -> None:
        level = "REPEATABLE READ"
        connection = self._engine.connect()
        self.addCleanup(connection.close)
        old = connection.execution_options(isolation_level=level)
        # The first read of a table begins the snapshot.
        for table in (TOKENS, RESOURCES, WITHDRAWALS):
            old.execute(sa.select(table.c.id)).all()
        self._read = self._store._read
        self._old = old
        name = f"{__name__}.SqlTokenStore._read"
        self.useFixture(fixtures.MonkeyPatch(name, self._reads))

    def _reads(
        self, store: SqlTokenStore, query: ty.Any, values: ty.Any = None
    ) -> ty.Any:
        if TOKENS.name in str(query.compile(self._engine)):
            return self._read(query, values)
        return self._old.execute(query, values).all()


class _Work(errands.Work):
    """Looks for what it made by the transaction that it is given."""

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        keys = [int(resource.key) for resource in resources]
        query = sa.select(base.Thing.id).where(base.Thing.id.in_(keys))
        return bool(transaction.execute(query).all())


@base.on_each_server
class _StaleReads(base.StoreTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.errands = Errands(self, self.store, (contract.ONE,))

    def _lags(self) -> None:
        self.useFixture(_Lag(self.database.engine, self.store))

    def _use(self) -> ty.Any:
        return contract.use_of(errands.TOKEN)

    def test_what_a_failed_request_left_is_not_taken_for_gone(self) -> None:
        def make_and_fail() -> ty.Any:
            self.insert("the worker's")
            return errands.BROKEN

        self._lags()
        self.errands.answer(_Work(make_and_fail))
        self.assertFalse(self.is_free(self._use()))
        self.assertEqual(1, self.row(self._use()).bound)

    def test_what_is_gone_frees_the_token_all_the_same(self) -> None:
        self._lags()
        self.errands.vanishing()()
        self.assertTrue(self.is_free(self._use()))

    def test_what_a_dead_worker_made_is_not_taken_for_lost(self) -> None:
        held = self.hold(token=errands.TOKEN)
        self._lags()
        self.make(held.claim)
        self.store.abandon(held.claim)
        work = errands.Work(lambda: errands.MADE, Fate.TAKEN)
        self.assertRaises(errors.Unavailable, self.errands.answer, work)
        self.assertEqual(0, work.runs)

    def test_what_was_withdrawn_is_not_taken_for_undone(self) -> None:
        held = self.hold(token=errands.TOKEN)
        self.make(held.claim)
        self.store.abandon(held.claim)
        self._lags()
        work = errands.Work(lambda: errands.MADE)
        self.assertRaises(errors.Unavailable, self.errands.answer, work)
        self.assertEqual((0, []), (work.runs, work.undone))
        self.assertEqual(1, self.row(self._use()).undo)


@base.on_each_server
class _Fences(base.StoreTestCase):
    """A node compares only what has changed with what others committed."""

    def _fence(self) -> int:
        with self.database.engine.connect() as connection:
            fence: int = connection.scalars(sa.select(TOKENS.c.fence)).one()
            return fence

    def assert_changes(self, call: ty.Callable[[], object]) -> None:
        before = self._fence()
        call()
        self.assertLess(before, self._fence())

    def test_what_is_made_changes_the_row(self) -> None:
        _, claim = self.hold()
        self.assert_changes(lambda: self.make(claim))

    def test_so_does_a_clean_up_of_what_is_not_bound(self) -> None:
        _, claim = self.hold()
        key = self.insert("not bound")

        def clean_up() -> None:
            with claims.running(claim):
                self.delete(key)

        self.assert_changes(clean_up)

    def test_so_does_a_withdrawal(self) -> None:
        self.make(self.hold().claim)
        present = self.take("recover")
        work = errands.Work(lambda: errands.MADE)
        self.assert_changes(
            lambda: self.store.withdraw(
                present.claim, present.use, work.withdraw
            )
        )

    def test_so_does_what_is_undone_although_there_is_nothing(self) -> None:
        _, claim = self.hold()
        self.assert_changes(lambda: self.store.undone(claim, []))

    def test_so_does_a_release_of_what_is_gone(self) -> None:
        held = self.hold()
        self.make(held.claim)
        self.assert_changes(lambda: self.unbind(held))
