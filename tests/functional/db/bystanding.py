# SPDX-License-Identifier: Apache-2.0
"""A worker that stands still, and a stranger who must not notice."""

from __future__ import annotations

import itertools
import os
import typing as ty

import fixtures
import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.errands import Errands
from tests.functional.db.standstill import Standstill

_Errand = ty.Callable[[Errands], ty.Callable[[], object]]

_NO_PATIENCE = {
    "mysql": "SET SESSION innodb_lock_wait_timeout = 1",
    "postgresql": "SET lock_timeout = '1s'",
}


class Bystanding(base.StoreTestCase):
    """A worker, and a stranger with connections of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.strangers = self.useFixture(_Connections(self)).manager
        self.stranger = self.store_on(self.strangers)
        self.secrets: ty.Sequence[bytes] = (ONE,)

    def fill(self, rows: int) -> None:
        held = self._held("old")
        self.stranger.complete(held.claim, self.outcome())
        with self.database.engine.begin() as connection:
            one = sa.select(TOKENS).where(TOKENS.c.id == held.claim.id)
            row = {**connection.execute(one).mappings().one()}
            del row["id"]
            many = [
                row | {"token_digest": os.urandom(32)} for _ in range(rows)
            ]
            if many:
                connection.execute(sa.insert(TOKENS), many)

    def stopped(self, errand: _Errand, **where: ty.Any) -> Standstill:
        """Return a worker that comes to a stop, or to its end before."""
        does = errand(Errands(self, self.store, self.secrets))
        store = self.store.connections.engine()
        return Standstill(does, self.database.engine, store, **where)

    def prepare(self) -> None:
        """Let the stranger be in the middle of things."""
        self._makes, self._refused = self._held("makes"), self._held("refused")
        self._runs, self._dead = self._held("runs"), self._held("dead")
        self._lost, self._cleans = self._held("lost"), self._held("cleans")
        self._made = self.make(self._cleans.claim, "made", self.strangers)
        self.make(self._lost.claim, "lost", self.strangers)
        self.stranger.abandon(self._dead.claim)
        self.stranger.abandon(self._lost.claim)
        corrected = self._held("corrected")
        self._freed(corrected)

    def assert_nobody_waits(self) -> None:
        """Do all that can be done, while somebody else stands still."""
        self._use_again("corrected")
        for token in [*self._neighbours()]:
            self._held(token)
        # A binding of the newest token goes into the gap behind all others.
        newest = self._held("newest")
        self.make(newest.claim, "newest", self.strangers)
        made = self.make(self._makes.claim, "mine", self.strangers)
        bound = self.stranger.resources(self._makes.claim.id)
        self.assertEqual((made,), bound)
        done = self.stranger.complete(self._makes.claim, self.outcome())
        self.assertTrue(done)
        self._freed(self._refused)
        before = self._row("runs").lease_until
        self.clock.forward(1)
        self.stranger.extend([self._runs.claim])
        self.assertLess(before, self._row("runs").lease_until)
        self._take_over_the_dead_one_s()
        self._withdraw_the_lost_one_s()
        with claims.running(self._cleans.claim):
            self.delete(int(self._made.key), self.strangers)
        self.assertEqual(0, self._row("cleans").bound)

    def _neighbours(self) -> ty.Iterator[str]:
        """Yield new tokens that come next to the worker's in the index."""
        with self.database.engine.connect() as connection:
            there = {*connection.scalars(sa.select(TOKENS.c.token_digest))}
        for place, digest in enumerate(self._use(errands.TOKEN).digests):
            before = max((d for d in there if d < digest), default=b"")
            after = min((d for d in there if d > digest), default=b"\xff" * 33)
            for low, high in ((before, digest), (digest, after)):
                yield next(
                    token
                    for token in map("new {}".format, itertools.count())
                    if low < self._use(token).digests[place] < high
                )

    def _take_over_the_dead_one_s(self) -> None:
        use = self._use("dead")
        row = self._row("dead")
        self.assertTrue(self.stranger.rerun(row, use))
        claim = self.claim_of(row.id, use, row.digest, shared=True)
        self.make(claim, "another", self.strangers)
        self.stranger.give_back(self._held("in vain").use)

    def _withdraw_the_lost_one_s(self) -> None:
        use = self._use("lost")
        row = self._row("lost")
        self.assertTrue(self.stranger.recover(row, use))
        claim = self.claim_of(row.id, use, row.digest, shared=True)
        work = errands.Work(lambda: errands.MADE)
        fate = self.stranger.withdraw(claim, use, work.withdraw)
        self.assertIs(Fate.WITHDRAWN, fate)
        todos = self.stranger.todos(claim.id)
        self.assertEqual(0, self.stranger.undone(claim, todos))

    def _use_again(self, token: str) -> None:
        use = self._use(token)
        _, row = self.stranger.look(use)
        if row is None:
            self.assertIsNotNone(self.stranger.claim(use))
        else:
            self.assertTrue(self.stranger.rerun(row, use))

    def _freed(self, held: contract.Held) -> None:
        freed = self.stranger.free(held.claim, held.use)
        self.assertIs(Freeing.FREED, freed)

    def _use(self, token: str) -> ty.Any:
        return use_of(token, secrets=self.secrets)

    def _row(self, token: str) -> ty.Any:
        _, row = self.stranger.look(self._use(token))
        return row

    def _held(self, token: str) -> contract.Held:
        use = self._use(token)
        key = self.stranger.claim(use)
        self.assertIsNotNone(key, "it is not told that it has the token")
        assert key is not None
        return contract.Held(use, self.claim_of(key, use))


class _Connections(fixtures.Fixture):
    """The stranger's connections, which fail where they had to wait."""

    def __init__(self, test: base.StoreTestCase) -> None:
        self._test = test

    def _setUp(self) -> None:
        database = self._test.database
        self.manager = database.connect()
        engine = self.manager.writer.get_engine()
        sa.event.listen(engine, "connect", self._hurry)
        self.addCleanup(engine.dispose)

    def _hurry(self, connection: ty.Any, record: ty.Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_NO_PATIENCE[self._test.backend])
        connection.commit()
