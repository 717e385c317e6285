# SPDX-License-Identifier: Apache-2.0
"""What a store promises of the end of a request."""

from __future__ import annotations

import dataclasses
import typing as ty

import ddt

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Release
from tests.unit.library.contract_base import StoreContract
from tests.unit.library.contract_base import TAKEOVERS
from tests.unit.library.contract_base import use_of


@ddt.ddt
class OutcomeContract(StoreContract):
    @ddt.data(State.SUCCEEDED, State.FAILED, State.UNKNOWN)
    def test_it_is_written_down(self, state: State) -> None:
        use, claim = self.hold()
        before = self.row(use)
        outcome = Outcome(state, 202, bytes(range(256)), 42)
        self.assertTrue(self.store.complete(claim, outcome))
        expected = dataclasses.replace(
            before,
            state=state,
            status=202,
            sealed=bytes(range(256)),
            expires_at=42,
        )
        self.assertEqual(expected, self.row(use))

    def test_an_answer_may_be_missing(self) -> None:
        use, claim = self.hold()
        self.store.complete(claim, Outcome(State.SUCCEEDED, None, None, 42))
        row = self.row(use)
        self.assertEqual((None, None), (row.status, row.sealed))

    def test_the_largest_answer_can_be_kept(self) -> None:
        use, claim = self.hold()
        large = b"\xff" * (4 * 1024 * 1024 + 65536)
        self.store.complete(claim, Outcome(State.SUCCEEDED, 202, large, 42))
        self.assertEqual(large, self.row(use).sealed)

    @ddt.data(*TAKEOVERS)
    def test_it_can_be_written_by_who_took_over(self, take: str) -> None:
        _, present = self.overtaken(take)
        self.assertTrue(self.store.complete(present.claim, self.outcome()))
        self.assertEqual(present.use.owner, self.row().owner)


@ddt.ddt
class ReleaseContract(StoreContract):
    def test_a_token_that_made_nothing_is_free_again(self) -> None:
        self.assertIs(Release.FREED, self.free(self.hold()))
        self.assertEqual(
            (self.clock.milliseconds, None), self.store.look(use_of())
        )
        self.hold(body=b"another")

    def test_one_that_made_something_is_not(self) -> None:
        held = self.hold()
        made = self.make(held.claim)
        before = self.row()
        self.assertIs(Release.BOUND, self.free(held))
        self.assertEqual(before, self.row())
        self.assertEqual((made,), self.store.resources(held.claim.id))

    def test_unless_what_it_made_is_gone_again(self) -> None:
        held = self.hold()
        self.make(held.claim)
        self.assertIs(Release.FREED, self.unbind(held))
        self.assertEqual(0, self.row().bound)
        self.assertTrue(self.is_free())
        self.assertEqual((), self.store.resources(held.claim.id))

    def test_nor_while_any_of_it_is_there(self) -> None:
        held = self.hold()
        made = self.make(held.claim)
        before, asked = self.row(), []

        def survives(
            transaction: ty.Any, bound: ty.Sequence[Resource]
        ) -> bool:
            asked.append(bound)
            return True

        released = self.store.unbind(held.claim, survives)
        self.assertIs(Release.BOUND, released)
        self.assertEqual([(made,)], asked)
        self.assertEqual(before, self.row())
        self.assertEqual((made,), self.store.resources(held.claim.id))

    def test_with_nothing_bound_nobody_is_asked(self) -> None:
        # Where release() was told otherwise, by a node that lags behind.
        held = self.hold()
        freed = self.store.unbind(held.claim, lambda *_: self.fail("asked"))
        self.assertIs(Release.FREED, freed)
        self.assertTrue(self.is_free())

    def test_other_tokens_stay(self) -> None:
        other = self.hold(token="other")
        made = self.make(other.claim)
        self.free(self.hold())
        self.assertEqual(1, self.row(other.use).bound)
        self.assertEqual((made,), self.store.resources(other.claim.id))

    @ddt.data(*TAKEOVERS)
    def test_a_row_that_was_another_s_stays_but_is_free(
        self, take: str
    ) -> None:
        # A slow former owner may come and look for it: the server would lock
        # a gap for a row that is not there.
        _, present = self.overtaken(take)
        self.assertIs(Release.FREED, self.free(present))
        self.assertEqual(present.claim.id, self.row().id)
        self.assertTrue(self.is_free())

    @ddt.data(*TAKEOVERS)
    def test_its_next_use_is_a_new_request(self, take: str) -> None:
        _, present = self.overtaken(take)
        self.free(present)
        self.assertIsNone(self.store.claim(use_of(body=b"another")))
        after = self.take("rerun", body=b"another", roles=("reader",))
        expected = self.just_claimed(after.claim.id, after.use)
        self.assertEqual(
            dataclasses.replace(expected, takeovers=2), self.row()
        )

    @ddt.data(*TAKEOVERS)
    def test_one_that_was_another_s_is_not_free_while_bound(
        self, take: str
    ) -> None:
        _, present = self.overtaken(take)
        made = self.make(present.claim)
        self.assertIs(Release.BOUND, self.free(present))
        self.assertFalse(self.is_free())
        self.assertEqual((made,), self.store.resources(present.claim.id))

    def test_it_forgets_what_is_gone_again(self) -> None:
        self.make(self.hold().claim)
        present = self.take("recover")
        self.assertIs(Release.FREED, self.unbind(present))
        self.assertEqual(0, self.row().bound)
        self.assertEqual((), self.store.resources(present.claim.id))


class ResourcesContract(StoreContract):
    def test_a_new_token_has_none(self) -> None:
        self.assertEqual((), self.store.resources(self.hold().claim.id))

    def test_they_come_in_the_order_of_their_commits(self) -> None:
        _, claim = self.hold()
        made = tuple(self.make(claim, name) for name in ("c", "a", "b"))
        self.assertEqual(made, self.store.resources(claim.id))
        self.assertEqual(3, self.row().bound)

    def test_another_kind_than_the_operation_s_is_not_bound(self) -> None:
        _, claim = self.hold()
        self.make(dataclasses.replace(claim, link="another"))
        self.make(dataclasses.replace(claim, link=None))
        self.assertEqual((), self.store.resources(claim.id))
        self.assertEqual(0, self.row().bound)


@ddt.ddt
class GiveBackContract(StoreContract):
    """A claim or takeover whose commit was not answered, and never ran."""

    def test_a_claim_is_free_again(self) -> None:
        use, _ = self.hold()
        self.store.give_back(use)
        self.assertTrue(self.is_free())
        self.take("rerun", body=b"another")

    def test_a_rerun_is_free_again(self) -> None:
        _, present = self.overtaken("rerun")
        self.store.give_back(present.use)
        self.assertTrue(self.is_free())

    def test_a_recovery_leaves_the_token_to_the_next_one_at_once(
        self,
    ) -> None:
        _, claim = self.hold()
        made = self.make(claim)
        present = self.take("recover")
        before = self.row()
        self.store.give_back(present.use)
        self.assertEqual(
            dataclasses.replace(before, lease_until=0), self.row()
        )
        self.assertEqual((made,), self.store.resources(claim.id))

    def test_a_recovery_of_one_that_bound_nothing_frees_nothing(self) -> None:
        # It may not be linked, and have run: nobody knows.
        self.hold(linked=False)
        present = self.take("recover", linked=False)
        before = self.row()
        self.store.give_back(present.use)
        self.assertEqual(
            dataclasses.replace(before, lease_until=0), self.row()
        )

    def test_one_that_was_not_committed_is_no_error(self) -> None:
        self.store.give_back(use_of())
        self.assertTrue(self.is_free())

    @ddt.data(*TAKEOVERS)
    def test_another_s_token_stays(self, take: str) -> None:
        former, _ = self.overtaken(take)
        before = self.row()
        self.store.give_back(former.use)
        self.assertEqual(before, self.row())

    def test_it_can_be_given_back_twice(self) -> None:
        use, _ = self.hold()
        self.store.give_back(use)
        self.store.give_back(use)
        self.assertTrue(self.is_free())
