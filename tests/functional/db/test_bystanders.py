# SPDX-License-Identifier: Apache-2.0
"""Nobody waits for another token's worker, wherever it stops (section 5).

A worker stands still and keeps what it has locked, as one does that is
stopped or out of reach. A stranger does all that can be done with tokens of
others meanwhile; one that had to wait for a lock would fail.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import typing as ty

import ddt
import fixtures
import testtools

from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql.store import SqlTokenStore
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.bystanding import Bystanding
from tests.functional.db.errands import Errands

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
class _AtPoints(Bystanding):
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
                # Else the retries that it blocks are waited for.
                worker.go_on()


@base.on_each_server
@ddt.ddt
class _AtStatements(Bystanding):
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
