# SPDX-License-Identifier: Apache-2.0
"""Tokens end, and their rows go: protocol section 6."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TTL
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.purging import KEPT
from tests.functional.db.purging import LIFE
from tests.functional.db.purging import Purging


@base.on_each_backend
class _Purge(Purging):
    def test_a_living_one_stays(self) -> None:
        self.ended()
        self.clock.forward(LIFE)
        self.assertEqual(0, self.store.purge(10).done)
        self.assertEqual(1, self.count())

    def test_an_ended_one_is_kept_an_hour_longer(self) -> None:
        self.ended()
        self.clock.forward(LIFE + KEPT)
        self.assertEqual(0, self.store.ended())
        self.assertEqual(0, self.store.purge(10).done)
        self.clock.forward(0.001)
        self.assertEqual(1, self.store.ended())
        self.assertEqual(1, self.store.purge(10).done)
        self.assertEqual(0, self.count())

    def test_how_long_the_oldest_one_has_waited(self) -> None:
        self.assertEqual(0, self.store.oldest_ended())
        self.ended()
        self.clock.forward(LIFE - 10)
        self.ended("younger")
        self.assertEqual(0, self.store.oldest_ended())
        self.clock.forward(30)
        self.assertEqual(20_000, self.store.oldest_ended())

    def test_one_that_was_freed_is_kept_an_hour_longer(self) -> None:
        _, present = self.overtaken()
        self.free(present)
        self.hold(token="other")
        given_back = self.take("rerun", token="other")
        self.store.give_back(given_back.use)
        self.clock.forward(KEPT)
        self.assertEqual(0, self.store.purge(10).done)
        self.clock.forward(0.001)
        self.assertEqual(2, self.store.purge(10).done)

    def test_what_it_bound_goes_with_it(self) -> None:
        held, other = self.hold(), self.hold(token="other", lasting=True)
        for one in (held, other):
            self.make(one.claim)
            self.store.complete(one.claim, self.outcome())
        self.clock.forward(LIFE + KEPT + 1)
        self.assertEqual(1, self.store.purge(10).done)
        self.assertEqual((1, 1), (self.count(), self.count(RESOURCES)))
        self.assertEqual(1, len(self.store.resources(other.claim.id)))

    def test_in_batches_the_oldest_first(self) -> None:
        held = []
        for number in range(5):
            held.append(self.ended(f"token {number}"))
            self.clock.forward(1)
        self.clock.forward(LIFE + KEPT)
        self.assertEqual(2, self.store.purge(2).done)
        self.assertEqual(
            [False, False, True, True, True],
            [self.knows(one.use) for one in held],
        )
        again = [self.store.purge(2) for _ in range(3)]
        self.assertEqual([2, 1, 0], [one.done for one in again])
        self.assertEqual([2, 1, 0], [len(one.chosen) for one in again])

    def test_only_those_that_ended_before_a_time(self) -> None:
        self.ended("1")
        self.clock.forward(10)
        self.ended("2")
        between = self.clock.milliseconds + TTL
        self.clock.forward(LIFE + KEPT + 1)
        self.assertEqual(1, self.store.ended(between))
        self.assertEqual(1, self.store.purge(10, between).done)
        self.assertEqual(0, self.store.purge(10, between).done)
        self.assertEqual(1, self.count())

    def test_one_with_something_to_undo_stays(self) -> None:
        held = self.hold()
        self.make(held.claim)
        self.store.abandon(held.claim)
        present = self.take("recover")
        work = errands.Work(lambda: errands.MADE)
        self.store.withdraw(present.claim, present.use, work.withdraw)
        self.clock.forward(10 * LIFE)
        self.assertEqual(0, self.store.purge(10).done)
        self.assertEqual(0, self.store.oldest_ended())
        todos = self.store.todos(present.claim.id)
        self.store.undone(present.claim, [*todos])
        self.assertEqual(1, self.store.purge(10).done)

    def test_aliases_go_with_the_row_that_they_lead_to(self) -> None:
        self.ended(secrets=(ONE, TWO))
        self.ended("other", secrets=(TWO, ONE))
        self.assertEqual(4, self.count())
        self.clock.forward(LIFE + KEPT + 1)
        self.hold(token="third", secrets=(ONE, TWO))
        self.assertEqual(2, self.store.ended())
        self.assertEqual(2, self.store.purge(10).done)
        self.assertEqual(2, self.count())

    def test_aliases_stay_as_long_as_the_row_that_they_lead_to(self) -> None:
        held = self.hold(secrets=(ONE, TWO))
        for _ in range(3):
            self.clock.forward(LIFE)
            self.store.extend([held.claim])
        self.store.complete(held.claim, self.outcome())
        self.clock.forward(LIFE - 1)
        self.assertEqual(0, self.store.purge(10).done)
        self.assertTrue(self.knows(contract.use_of(secrets=(TWO,))))


@base.on_each_server
class _Locked(Purging):
    """A row that is locked is passed over, with all that belongs to it."""

    def locked(self, key: int) -> ty.Any:
        connection = self.database.engine.connect()
        self.addCleanup(connection.close)
        row = sa.select(TOKENS.c.id).where(TOKENS.c.id == key)
        connection.execute(row.with_for_update())
        return connection

    def test_nobody_waits(self) -> None:
        held = [self.ended(f"token {number}") for number in range(3)]
        self.clock.forward(LIFE + KEPT + 1)
        other = self.locked(held[1].claim.id)
        self.assertEqual(2, self.store.purge(10).done)
        self.assertEqual(0, self.store.purge(10).done)
        other.rollback()
        self.assertEqual(1, self.store.purge(10).done)

    def test_one_with_something_bound_stays_whole(self) -> None:
        held = self.hold()
        self.make(held.claim)
        self.store.complete(held.claim, self.outcome())
        self.clock.forward(LIFE + KEPT + 1)
        other = self.locked(held.claim.id)
        self.assertEqual(0, self.store.purge(10).done)
        self.assertEqual((1, 1), (self.count(), self.count(RESOURCES)))
        other.rollback()
        self.assertEqual(1, self.store.purge(10).done)
        self.assertEqual(0, self.count(RESOURCES))

    def test_one_whose_alias_is_locked_stays_whole(self) -> None:
        held = self.ended(secrets=(ONE, TWO))
        self.clock.forward(LIFE + KEPT + 1)
        other = self.locked(held.claim.id + 1)
        self.assertEqual(0, self.store.purge(10).done)
        self.assertEqual(2, self.count())
        other.rollback()
        self.assertEqual(1, self.store.purge(10).done)
        self.assertEqual(0, self.count())

    def test_several_at_once_delete_each_row_once(self) -> None:
        for number in range(40):
            self.ended(f"token {number}")
        self.clock.forward(LIFE + KEPT + 1)
        deleted = base.at_once(*[self._all] * 3)
        self.assertEqual((40, 0), (sum(deleted), self.count()))

    def _all(self) -> int:
        store = self.store_on(self.database.manager)
        return sum(store.purge(7).done for _ in range(10))


@base.on_each_backend
class _Strip(Purging):
    def test_the_answer_goes_and_the_row_stays(self) -> None:
        lasting, other = self.ended(lasting=True), self.ended("other")
        self.clock.forward(LIFE - 0.001)
        self.assertEqual(0, self.store.strip(10).done)
        self.clock.forward(0.001)
        self.assertEqual([1, 0], [self.store.strip(10).done for _ in range(2)])
        row = self.row(lasting.use)
        self.assertEqual((None, None), (row.sealed, row.answer_until))
        self.assertEqual(202, row.status)
        self.assertIsNotNone(self.row(other.use).sealed)

    def test_in_batches(self) -> None:
        for number in range(3):
            self.ended(f"token {number}", lasting=True)
        self.clock.forward(LIFE)
        again = [self.store.strip(2) for _ in range(3)]
        self.assertEqual([2, 1, 0], [one.done for one in again])
        self.assertEqual([2, 1, 0], [len(one.chosen) for one in again])
