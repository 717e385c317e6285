# SPDX-License-Identifier: Apache-2.0
"""Nobody waits for another token's worker, wherever it stops (section 5).

A worker stands still and keeps what it has locked, as one does that is
stopped or out of reach. A stranger does all that can be done with tokens of
others meanwhile; one that had to wait for a lock would fail.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import typing as ty

import ddt
import fixtures
import sqlalchemy as sa
import testtools

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.errands import Errands
from tests.functional.db.standstill import Standstill

#: An errand on which a worker comes to a point.
ERRANDS = {
    Point.BEFORE_CLAIM: Errands.success,
    Point.CLAIMING: Errands.success,
    Point.AFTER_CLAIM: Errands.success,
    Point.BEFORE_METHOD: Errands.success,
    Point.BEFORE_LINK: Errands.success,
    Point.BEFORE_COMMIT: Errands.success,
    Point.AFTER_COMMIT: Errands.success,
    Point.AFTER_METHOD: Errands.success,
    Point.BEFORE_SETTLE: Errands.success,
    Point.AFTER_SETTLE: Errands.success,
    Point.BEFORE_ANSWER: Errands.success,
    Point.COMPLETING: Errands.success,
    Point.FREEING: Errands.refusal,
    Point.BEFORE_CLEANUP: Errands.second_thoughts,
    Point.BEFORE_TAKEOVER: Errands.rerun,
    Point.AFTER_TAKEOVER: Errands.rerun,
    Point.RERUNNING: Errands.rerun,
    Point.RECOVERING: Errands.withdrawal,
    Point.WITHDRAWING: Errands.withdrawal,
    Point.BEFORE_UNDO: Errands.withdrawal,
    Point.AFTER_UNDO: Errands.withdrawal,
    Point.EXTENDING: Errands.heartbeat,
    Point.PURGING: Errands.purge,
    Point.MARKING: Errands.marking,
}
# In the midst of these transactions a worker may stop, too.
_TRANSACTIONS = (
    "success",
    "second_thoughts",
    "vanishing",
    "rerun",
    "refused_rerun",
    "new_life",
    "withdrawal",
    "recovery",
    "heartbeat",
    "late_takeover",
    "loss",
)
# With few rows a gap in an index is wide: everybody's new rows go there.
_FEW, _MANY = 0, 100
_TRIES = 3
_SECRETS = {1: (ONE,), 2: (ONE, TWO)}
_Errand = ty.Callable[[Errands], ty.Callable[[], object]]

_NO_PATIENCE = {
    "mysql": "SET SESSION innodb_lock_wait_timeout = 1",
    "postgresql": "SET lock_timeout = '1s'",
}


class _Bystanding(base.StoreTestCase):
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


class _Retries(fixtures.Fixture):
    """Clients send again what the worker that stands still is to do.

    :param store: of the process that serves them
    :param secrets: what its host lists
    """

    def __init__(
        self, store: SqlTokenStore, secrets: ty.Sequence[bytes]
    ) -> None:
        self._store = store
        self._use = use_of(errands.TOKEN, secrets=secrets)

    def _setUp(self) -> None:
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()
        self.addCleanup(self._thread.join, base.SOON)

    def _send(self) -> None:
        for _ in range(_TRIES):
            with contextlib.suppress(errors.Unavailable):
                self._store.claim(self._use)


@base.on_each_server
@ddt.ddt
class _AtPoints(_Bystanding):
    @ddt.data(
        *itertools.product(
            [point.value for point in Point], (_FEW, _MANY), _SECRETS
        )
    )
    @ddt.unpack
    def test_nobody_waits(self, name: str, rows: int, secrets: int) -> None:
        point = Point(name)
        self.secrets = _SECRETS[secrets]
        self.fill(rows)
        self.prepare()
        retries = _Retries(self.stranger, self.secrets)
        with self.stopped(ERRANDS[point], point=point) as worker:
            self.assertTrue(worker.stands, worker.error)
            with retries:
                self.assert_nobody_waits()


@base.on_each_server
@ddt.ddt
class _AtStatements(_Bystanding):
    @ddt.data(*itertools.product(_TRANSACTIONS, _SECRETS))
    @ddt.unpack
    def test_nobody_waits(self, name: str, secrets: int) -> None:
        errand = getattr(Errands, name)
        self.secrets = _SECRETS[secrets]
        stops: list[str] = []
        while True:
            self.prepare()
            with self.stopped(errand, statement=len(stops) + 1) as worker:
                if not worker.stands:
                    break
                stops.append(worker.where)
                self.assert_nobody_waits()
            self._empty()
        # Those of one statement a step are not in the list of this test.
        self.assertNotEqual([], stops)


class PointsTest(testtools.TestCase):
    def test_there_is_a_case_for_each_point(self) -> None:
        self.assertEqual(set(Point), set(ERRANDS))
