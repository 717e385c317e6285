# SPDX-License-Identifier: Apache-2.0
"""A purge that stops breaks no promise: protocol sections 5 and 6."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import contract
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.tables import RESOURCES
from tests.functional.db import base
from tests.functional.db.purging import Purging

# Seconds after a token's end, or that of its lease, when it can be purged.
_GONE = (contract.TTL + purge.KEPT) // 1000 + 1


@base.on_each_backend
class _StoppedPurge(Purging):
    """A purge stops, or dies, between two of its statements."""

    def setUp(self) -> None:
        super().setUp()
        self.past = self.hold()
        self.make(self.past.claim)
        self.addCleanup(points.arm, None)

    def stop(self, number: int, meanwhile: ty.Callable[[], object]) -> int:
        """Purge, and let something happen before one of its writes."""
        writes = 0

        def come(point: Point) -> None:
            nonlocal writes
            if point is Point.PURGING:
                writes += 1
                if writes == number:
                    points.arm(None)
                    meanwhile()

        points.arm(come)
        done = self.store.purge(10).done
        self.assertLessEqual(number, writes)
        return done

    def use_again(self) -> None:
        self.again = self.take("rerun")
        self.make(self.again.claim, "new")
        self.store.complete(self.again.claim, self.outcome())

    def test_what_uses_a_token_again_makes_stays_bound(self) -> None:
        self.store.complete(self.past.claim, self.outcome())
        for number in (1, 2, 3, 4):
            self.clock.forward(_GONE)
            self.assertEqual(0, self.stop(number, self.use_again))
            bound = self.store.resources(self.again.claim.id)
            self.assertEqual(["new"], [one.id for one in bound])
            self.assertEqual(1, self.row().bound)

    def test_a_slow_owner_does_not_promise_what_nobody_finds(self) -> None:
        for number in (3, 4):
            self._empty()
            held = self.hold()
            self.make(held.claim)
            self.clock.forward(contract.LEASE / 1000 + _GONE)
            completed: list[bool] = []

            def complete(
                claim: ty.Any = held.claim, done: list[bool] = completed
            ) -> None:
                done.append(self.store.complete(claim, self.outcome()))

            self.assertEqual(1, self.stop(number, complete))
            self.assertEqual([False], completed)

    def test_one_that_dies_leaves_the_rest_to_the_next_one(self) -> None:
        self.store.complete(self.past.claim, self.outcome())
        for number in (1, 2, 3, 4):
            self.clock.forward(_GONE)
            self.assertRaises(KeyboardInterrupt, self.stop, number, _die)
            self.assertEqual(1, self.store.purge(10).done)
            self.assertEqual((0, 0), (self.count(), self.count(RESOURCES)))
            self.past = self.hold()
            self.make(self.past.claim)
            self.store.complete(self.past.claim, self.outcome())


def _die() -> None:
    raise KeyboardInterrupt
