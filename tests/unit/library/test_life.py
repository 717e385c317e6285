# SPDX-License-Identifier: Apache-2.0
"""Tokens that live as long as what they make: protocol section 6."""

from __future__ import annotations

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.record import FOREVER
from tests.unit.library import base
from tests.unit.library.base import answers
from tests.unit.library.states import StatesTestCase
from tests.unit.library.states import token_of
from tests.unit.library.states import Told

_NOW = fakes.EPOCH
_LIFE = base.TTL * 1000


class LastingTest(StatesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.token = token_of(_NOW)
        self.send(self.lasting(), token=self.token)

    def lasting(self) -> fakes.Work:
        work = fakes.Work(self.create, "server", lasting=True)
        work.rebuilt = base.REBUILT
        return work

    def test_its_end_is_told_as_a_time_before_which_it_does_not_end(
        self,
    ) -> None:
        first = self.send(self.lasting(), token=self.token)
        self.assertEqual(_NOW + _LIFE, first.expires_at)
        self.clock.forward(base.TTL)
        later = self.send(self.lasting(), token=self.token)
        self.assertEqual(_NOW + 2 * _LIFE, later.expires_at)

    def test_later_retries_are_rebuilt(self) -> None:
        self.clock.forward(base.TTL - 1)
        told = self.told(self.lasting(), token=self.token)
        self.assertEqual("replayed", told.state)
        for _ in range(3):
            self.clock.forward(base.TTL)
            work = self.lasting()
            told = self.told(work, token=self.token)
            self.assertEqual(("rebuilt", 0), (told.state, work.runs))

    def test_after_its_end_a_late_retry_is_expired(self) -> None:
        self.clock.forward(base.TTL)
        (row,) = self.store.rows.values()
        self.assertEqual(FOREVER, row.record.expires_at)
        row.change(expires_at=self.clock.milliseconds + _LIFE)  # it is gone
        self.assertEqual(
            "rebuilt", self.told(self.lasting(), token=self.token).state
        )
        self.clock.forward(base.TTL)
        for purged in (False, True):
            if purged:
                self.store.rows.clear()
            told = self.told(answers(), token=self.token)
            self.assertEqual(Told("expired", 412), told)

    def test_one_whose_worker_died_lives_as_long(self) -> None:
        token = token_of(_NOW + 1)

        def dies() -> Answer:
            self.create()
            self.die()

        self.dies(fakes.Work(dies, "server", lasting=True), token=token)
        self.clock.forward(10 * base.TTL)
        work = self.lasting()
        told = self.told(work, token=token)
        self.assertEqual(("rebuilt", 0), (told.state, work.runs))
