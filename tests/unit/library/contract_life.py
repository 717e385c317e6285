# SPDX-License-Identifier: Apache-2.0
"""What a store promises of tokens that live as long as what they make."""

from __future__ import annotations

import dataclasses

import ddt

from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import State
from tests.unit.library.contract_base import LEASE
from tests.unit.library.contract_base import StoreContract
from tests.unit.library.contract_base import TAKEOVERS
from tests.unit.library.contract_base import TTL
from tests.unit.library.contract_base import use_of


@ddt.ddt
class LastingContract(StoreContract):
    def test_its_end_is_not_known(self) -> None:
        held = self.hold(lasting=True)
        self.assertEqual(FOREVER, self.row().expires_at)
        self.clock.forward(1)
        self.store.extend([held.claim])
        self.assertEqual(FOREVER, self.row().expires_at)
        self.assertEqual(
            self.clock.milliseconds + LEASE, self.row().lease_until
        )

    @ddt.data(State.SUCCEEDED, State.FAILED)
    def test_its_answer_ends_before_it(self, state: State) -> None:
        held = self.hold(lasting=True)
        self.make(held.claim)
        before = self.row()
        self.store.complete(held.claim, self.outcome(state))
        expected = dataclasses.replace(
            before,
            state=state,
            status=202,
            sealed=b"sealed",
            answer_until=self.clock.milliseconds + TTL,
        )
        self.assertEqual(expected, self.row())

    def test_any_other_keeps_its_answer_to_the_end(self) -> None:
        held = self.hold()
        self.store.complete(held.claim, self.outcome())
        self.assertIsNone(self.row().answer_until)

    def test_one_that_made_nothing_is_free(self) -> None:
        held = self.hold(lasting=True)
        self.free(held)
        self.assertTrue(self.is_free(use_of()))

    @ddt.data(*TAKEOVERS)
    def test_one_that_was_taken_over_and_made_nothing_is_free(
        self, take: str
    ) -> None:
        self.hold(lasting=True)
        self.free(self.take(take, lasting=True))
        self.assertTrue(self.is_free())

    def test_one_that_is_given_back_is_free(self) -> None:
        held = self.hold(lasting=True)
        self.store.give_back(held.use)
        self.assertTrue(self.is_free())

    def test_a_new_run_decides_again_whether_it_lasts(self) -> None:
        self.hold()
        self.take("rerun", lasting=True)
        self.assertEqual(FOREVER, self.row().expires_at)
        self.take("rerun")
        now = self.clock.milliseconds
        self.assertEqual(now + LEASE + TTL, self.row().expires_at)
