# SPDX-License-Identifier: Apache-2.0
"""A token lives as long as what it made: protocol section 6."""

from __future__ import annotations

import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import TTL
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.sql.walking import Walked
from tests.functional.db import base
from tests.functional.db.errands import THING
from tests.functional.db.purging import KEPT
from tests.functional.db.purging import LIFE
from tests.functional.db.purging import Purging


@base.on_each_backend
class _Walk(Purging):
    """What a token made goes, and comes back."""

    def setUp(self) -> None:
        super().setUp()
        self.held = self.hold(lasting=True)
        self.made = [self.make(self.held.claim, name) for name in "ab"]

    def done(self) -> None:
        self.store.complete(self.held.claim, self.outcome())

    def walk(self) -> tuple[int, int]:
        walked = self.store.walk((THING,), 0, 10)
        self.assertIsNone(walked.last)
        return walked.gone, walked.back

    def remove(self, number: int) -> None:
        self.delete(int(self.made[number].key))

    def test_it_lives_as_long_as_the_last_one(self) -> None:
        self.done()
        self.assertEqual((0, 0), self.walk())
        self.remove(0)
        self.assertEqual((0, 0), self.walk())
        self.assertEqual(FOREVER, self.row().expires_at)
        self.remove(1)
        self.assertEqual((1, 0), self.walk())
        self.assertEqual(self.clock.milliseconds + TTL, self.row().expires_at)

    def test_it_is_marked_once(self) -> None:
        self.done()
        self.remove(0)
        self.remove(1)
        self.assertEqual((1, 0), self.walk())
        before = self.row()
        self.clock.forward(1)
        self.assertEqual((0, 0), self.walk())
        self.assertEqual(before, self.row())
        self.clock.forward(LIFE + KEPT)
        self.assertEqual(1, self.store.purge(10).done)

    def test_what_comes_back_unmarks_it(self) -> None:
        self.done()
        self.remove(0)
        self.remove(1)
        self.walk()
        key = int(self.made[1].key)
        with self.database.engine.begin() as connection:
            row = sa.insert(base.Thing).values(id=key, name="b")
            connection.execute(row)
        self.assertEqual((0, 1), self.walk())
        self.assertEqual(FOREVER, self.row().expires_at)
        self.assertEqual((0, 0), self.walk())

    def test_one_that_runs_is_left_alone(self) -> None:
        self.remove(0)
        self.remove(1)
        self.assertEqual((0, 0), self.walk())
        self.clock.forward(contract.LEASE / 1000 + 0.001)
        self.assertEqual((1, 0), self.walk())

    def test_one_that_made_nothing_ends(self) -> None:
        self.done()
        other = self.hold(token="other", lasting=True)
        self.clock.forward(contract.LEASE / 1000 + 0.001)
        self.assertEqual((1, 0), self.walk())
        row = self.row(other.use)
        self.assertEqual(self.clock.milliseconds + TTL, row.expires_at)

    def test_a_kind_that_is_not_known_keeps_it(self) -> None:
        self.done()
        self.remove(0)
        self.remove(1)
        self.assertEqual(Walked(0, 0, None), self.store.walk((), 0, 10))

    def test_stretch_by_stretch(self) -> None:
        keys = [self.held.claim.id]
        for number in range(4):
            keys.append(self.ended(str(number), lasting=True).claim.id)
        after, walked = 0, []
        while True:
            stretch = self.store.walk((THING,), after, 2)
            walked.append(stretch.last)
            if stretch.last is None:
                break
            after = stretch.last
        self.assertEqual([keys[1], keys[3], None], walked)
        self.assertEqual(max(keys), self.store.newest())

    def test_of_an_empty_table(self) -> None:
        self._empty()
        self.assertEqual(0, self.store.newest())
        self.assertEqual((0, 0), self.walk())
