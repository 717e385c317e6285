# SPDX-License-Identifier: Apache-2.0
"""What a store promises of takeovers, and to whoever lost a token."""

from __future__ import annotations

import dataclasses

import ddt

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Release
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from tests.unit.library.contract_base import Held
from tests.unit.library.contract_base import LEASE
from tests.unit.library.contract_base import StoreContract
from tests.unit.library.contract_base import TAKEOVERS
from tests.unit.library.contract_base import TTL
from tests.unit.library.contract_base import use_of

_CHANGES = ("lease", "state", "bound", "owner", "row", "undo")


@ddt.ddt
class TakeoverContract(StoreContract):
    def test_rerun_makes_the_row_as_if_just_claimed(self) -> None:
        _, claim = self.hold(roles=("admin",), linked=False)
        self.make(claim)
        self.store.complete(claim, self.outcome())
        self.clock.forward(TTL)
        use = use_of(body=b"another")
        self.assertTrue(self.store.rerun(self.row(), use))
        expected = self.just_claimed(claim.id, use)
        self.assertEqual(
            dataclasses.replace(expected, takeovers=1), self.row()
        )
        self.assertEqual((), self.store.resources(claim.id))

    def test_recover_changes_the_owner_and_the_lease_only(self) -> None:
        _, claim = self.hold(roles=("admin",))
        made = self.make(claim)
        self.clock.forward(100)
        before, use = self.row(), use_of()
        self.assertTrue(self.store.recover(before, use))
        expected = dataclasses.replace(
            before,
            owner=use.owner,
            takeovers=1,
            lease_until=self.clock.milliseconds + LEASE,
        )
        self.assertEqual(expected, self.row())
        self.assertEqual((made,), self.store.resources(claim.id))

    def test_recover_sets_an_unknown_one_running(self) -> None:
        _, claim = self.hold()
        self.store.complete(claim, self.outcome(State.UNKNOWN))
        self.assertTrue(self.store.recover(self.row(), use_of()))
        self.assertIs(State.RUNNING, self.row().state)

    def _change(self, what: str, held: Held) -> None:
        """Let a row change in one thing that a takeover looks at."""
        match what:
            case "lease":
                self.store.abandon(held.claim)
            case "state":
                self.store.complete(held.claim, self.outcome())
            case "bound":
                self.make(held.claim)
            case "owner":
                self.take("rerun")
            case "row":
                self.unbind(held)
            case _:
                self._withdraw_and_make_another(held)

    def _withdraw_and_make_another(self, held: Held) -> None:
        """Let as many be bound as before, and the lease be the same."""
        (made,) = self.store.resources(held.claim.id)
        self.store.withdraw(
            held.claim,
            use_of(),
            lambda *_: Withdrawn(Fate.DELETED, ((made, "todo"),)),
        )
        self.make(held.claim)

    @ddt.data(*((take, what) for take in TAKEOVERS for what in _CHANGES))
    @ddt.unpack
    def test_a_row_that_changed_since_it_was_read_is_not_taken(
        self, take: str, what: str
    ) -> None:
        held, use = self.hold(), use_of()
        self.make(held.claim)
        read = self.row(use)
        self._change(what, held)
        after = self.store.look(use)
        self.assertFalse(getattr(self.store, take)(read, use))
        self.assertEqual(after, self.store.look(use))

    @ddt.data(*TAKEOVERS)
    def test_the_same_request_finds_that_it_took_it(self, take: str) -> None:
        self.hold()
        use = use_of()
        read = self.row(use)
        self.assertTrue(getattr(self.store, take)(read, use))
        self.assertTrue(getattr(self.store, take)(read, use))

    def test_a_row_can_be_taken_over_again_and_again(self) -> None:
        self.hold()
        for _ in range(3):
            self.assertTrue(self.store.recover(self.row(), use_of()))
            self.assertTrue(self.store.rerun(self.row(), use_of()))
        self.assertEqual(6, self.row().takeovers)


_ATTEMPTS = (
    "complete",
    "release",
    "unbind",
    "abandon",
    "extend",
    "withdraw",
    "undone",
)


@ddt.ddt
class FormerOwnerContract(StoreContract):
    """Whoever lost a token changes nothing any more."""

    def _attempt(self, what: str, held: Held) -> object:
        """Return what is true only of an attempt that succeeded."""
        match what:
            case "complete":
                return self.store.complete(held.claim, self.outcome())
            case "release":
                return self.free(held) is not Release.LOST
            case "unbind":
                freed = self.unbind(held)
                return freed is not Release.LOST
            case "abandon":
                return self.store.abandon(held.claim)
            case "extend":
                return self.store.extend([held.claim])
            case "withdraw":
                return self.store.withdraw(
                    held.claim,
                    held.use,
                    lambda *_: self.fail("it is asked to take back"),
                )
            case _:
                return self.store.undone(held.claim, []) is not None

    @ddt.data(*((take, what) for take in TAKEOVERS for what in _ATTEMPTS))
    @ddt.unpack
    def test_after_a_takeover(self, take: str, what: str) -> None:
        former, present = self.overtaken(take)
        made = self.make(present.claim)
        before = self.row()
        self.clock.forward(1)
        self.assertFalse(self._attempt(what, former))
        self.assertEqual(before, self.row())
        self.assertEqual((made,), self.store.resources(before.id))

    @ddt.data(*_ATTEMPTS)
    def test_after_a_release(self, what: str) -> None:
        held = self.hold()
        self.free(held)
        self.assertFalse(self._attempt(what, held))
        self.assertTrue(self.is_free())

    @ddt.data(*_ATTEMPTS)
    def test_after_a_release_and_another_claim(self, what: str) -> None:
        former = self.hold()
        self.free(former)
        self.hold()
        before = self.row()
        self.assertFalse(self._attempt(what, former))
        self.assertEqual(before, self.row())

    def test_what_it_makes_is_undone_and_it_is_told(self) -> None:
        former, present = self.overtaken()
        self.assertRaises(errors.TakenOver, self.make, former.claim)
        self.assertTrue(former.claim.lost)
        self.assertFalse(present.claim.lost)
        self.assertEqual((), self.store.resources(present.claim.id))
        self.assertEqual(0, self.row().bound)


class HolderContract(StoreContract):
    """Which request the row of a lost token speaks of."""

    def test_after_a_rerun_it_is_the_one_that_runs(self) -> None:
        former, present = self.overtaken("rerun")
        self.assertEqual(
            present.use.request_id, self.store.holder(former.claim)
        )

    def test_after_a_recovery_it_is_the_first_one(self) -> None:
        former, _ = self.overtaken("recover")
        self.assertEqual(
            former.use.request_id, self.store.holder(former.claim)
        )

    def test_of_a_row_that_is_gone_there_is_none(self) -> None:
        held = self.hold()
        self.free(held)
        self.assertIsNone(self.store.holder(held.claim))


class LeaseContract(StoreContract):
    def test_running_requests_get_their_leases_renewed(self) -> None:
        mine = [self.hold(token=str(n)) for n in range(3)]
        other = self.hold(token="other")
        before = self.row(other.use)
        self.clock.forward(20)
        self.store.extend([held.claim for held in mine])
        until = self.clock.milliseconds + LEASE
        for held in mine:
            self.assertEqual(until, self.row(held.use).lease_until)
            # So that no run is so long that its token expires under it.
            self.assertEqual(until + TTL, self.row(held.use).expires_at)
        self.assertEqual(before, self.row(other.use))

    def test_one_that_lost_its_token_does_not_hinder_others(self) -> None:
        former, _ = self.overtaken()
        other = self.hold(token="other")
        self.clock.forward(20)
        self.store.extend([former.claim, other.claim])
        until = self.clock.milliseconds + LEASE
        self.assertEqual(until, self.row(other.use).lease_until)
        self.assertEqual(until - 20_000, self.row().lease_until)

    def test_one_that_was_abandoned_meanwhile_stays_so(self) -> None:
        _, claim = self.hold()
        self.store.abandon(claim)
        self.store.extend([claim])
        self.assertEqual(0, self.row().lease_until)

    def test_none_running_is_no_error(self) -> None:
        empty: list[Claim] = []
        self.store.extend(empty)
        self.assertTrue(self.is_free())

    def test_abandon_ends_the_lease_at_once_and_changes_no_more(self) -> None:
        _, claim = self.hold()
        before = self.row()
        self.assertTrue(self.store.abandon(claim))
        expected = dataclasses.replace(before, lease_until=0)
        self.assertEqual(expected, self.row())
