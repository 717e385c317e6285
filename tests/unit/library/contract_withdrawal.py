# SPDX-License-Identifier: Apache-2.0
"""What a store promises of withdrawals: protocol section 5."""

from __future__ import annotations

import dataclasses
import typing as ty

from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from tests.unit.library.contract_base import Held
from tests.unit.library.contract_base import LEASE
from tests.unit.library.contract_base import StoreContract
from tests.unit.library.contract_base import TTL

_Bound = ty.Sequence[Resource]


class _Crash(Exception):
    """The service fails while it takes back."""


def _todo(resource: Resource) -> str:
    return f"undo {resource.id}"


class _Withdrawal(StoreContract):
    """One request took over what another one made."""

    def _begin(self) -> None:
        # Not in setUp: a store may be there only after that.
        self.first = self.hold(roles=("admin",))
        self.made = [self.make(self.first.claim, name) for name in "ab"]
        self.clock.forward(100)
        self.present = self.take("recover", roles=("member",))
        self.asked: list[tuple[Resource, ...]] = []

    def _withdraw(
        self, fate: Fate, count: int = 2, held: Held | None = None
    ) -> Fate | None:
        """Let a service take back so many, and say so."""

        def take_back(transaction: ty.Any, bound: _Bound) -> Withdrawn:
            self.asked.append(tuple(bound))
            gone = bound[:count]
            return Withdrawn(fate, tuple((r, _todo(r)) for r in gone))

        use, claim = held or self.present
        return self.store.withdraw(claim, use, take_back)

    def _todos(self) -> list[str]:
        return list(self.store.todos(self.row().id).values())

    def _undone(self, keys: ty.Collection[int] | None = None) -> int | None:
        """Note withdrawals of the present one as undone, or all."""
        claim = self.present.claim
        done = self.store.todos(claim.id) if keys is None else keys
        return self.store.undone(claim, done)

    def _expected(self, **changed: ty.Any) -> Record:
        renewed = {"lease_until": self.clock.milliseconds + LEASE}
        return dataclasses.replace(self.row(), **(renewed | changed))


class WithdrawContract(_Withdrawal):
    def test_the_service_is_asked_for_all_that_is_bound(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self.assertEqual([tuple(self.made)], self.asked)

    def test_withdrawn_the_row_is_that_of_the_request_which_runs(
        self,
    ) -> None:
        self._begin()
        self.clock.forward(7)
        self.assertIs(Fate.WITHDRAWN, self._withdraw(Fate.WITHDRAWN))
        use, claim = self.present
        expected = self.just_claimed(claim.id, use)
        self.assertEqual(
            dataclasses.replace(expected, takeovers=1, undo=2), self.row()
        )
        self.assertEqual((), self.store.resources(claim.id))
        self.assertEqual(["undo a", "undo b"], self._todos())

    def test_withdrawn_already_nothing_is_asked_again(self) -> None:
        # As after a commit whose connection broke.
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        before = self.row()
        self.assertIs(Fate.WITHDRAWN, self._withdraw(Fate.WITHDRAWN))
        self.assertEqual(before, self.row())
        self.assertEqual(1, len(self.asked))

    def test_taken_nothing_changes(self) -> None:
        self._begin()
        before = self.row()
        self.assertIs(Fate.TAKEN, self._withdraw(Fate.TAKEN))
        self.assertEqual(before, self.row())
        self.assertEqual(tuple(self.made), self.store.resources(self.row().id))
        self.assertEqual([], self._todos())

    def test_deleted_the_others_are_taken_back(self) -> None:
        self._begin()
        # Settled at once: nobody may come to another end later.
        expected = self._expected(
            bound=0,
            undo=1,
            state=State.SUCCEEDED,
            expires_at=self.clock.milliseconds + TTL,
        )
        for _ in range(2):  # the second time as after a broken connection
            self.assertIs(Fate.DELETED, self._withdraw(Fate.DELETED, 1))
            self.assertEqual(expected, self.row())
        self.assertEqual((), self.store.resources(expected.id))
        self.assertEqual(["undo a"], self._todos())

    def test_who_lost_the_token_withdraws_nothing(self) -> None:
        self._begin()
        before = self.row()
        self.assertIsNone(self._withdraw(Fate.WITHDRAWN, held=self.first))
        self.assertEqual(before, self.row())
        self.assertEqual([], self.asked)

    def test_an_error_of_the_service_undoes_it_and_comes_through(
        self,
    ) -> None:
        self._begin()
        before = self.row()

        def crash(transaction: ty.Any, bound: _Bound) -> Withdrawn:
            raise _Crash

        use, claim = self.present
        self.assertRaises(_Crash, self.store.withdraw, claim, use, crash)
        self.assertEqual(before, self.row())
        self.assertEqual(tuple(self.made), self.store.resources(claim.id))

    def test_a_rerun_still_has_it_to_undo(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self.take("rerun")
        self.assertEqual(2, self.row().undo)
        self.assertEqual(["undo a", "undo b"], self._todos())

    def test_a_takeover_that_is_given_back_still_has_it_to_undo(
        self,
    ) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self.store.give_back(self.take("rerun").use)
        self.assertTrue(self.is_free())
        self.take("rerun", body=b"another")
        self.assertEqual(2, self.row().undo)
        self.assertEqual(["undo a", "undo b"], self._todos())

    def test_what_runs_then_can_make_others(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        made = self.make(self.present.claim, "c")
        self.assertEqual((made,), self.store.resources(self.row().id))
        self.assertEqual(1, self.row().bound)

    def test_those_can_be_withdrawn_too(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self.make(self.present.claim, "c")
        later = self.take("recover")
        fate = self._withdraw(Fate.WITHDRAWN, held=later)
        self.assertIs(Fate.WITHDRAWN, fate)
        self.assertEqual(3, self.row().undo)
        self.assertEqual(["undo a", "undo b", "undo c"], self._todos())


class UndoneContract(_Withdrawal):
    """Withdrawn, and undone outside of the database."""

    def test_a_token_without_a_withdrawal_has_nothing_to_undo(self) -> None:
        self._begin()
        self.assertEqual([], self._todos())

    def test_it_is_noted(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        before = self.row()
        self.assertEqual(0, self._undone())
        self.assertEqual(dataclasses.replace(before, undo=0), self.row())
        self.assertEqual([], self._todos())

    def test_only_what_is_undone_is_noted(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        first, second = self.store.todos(self.row().id)
        self.assertEqual(1, self._undone([first]))
        self.assertEqual((1, ["undo b"]), (self.row().undo, self._todos()))
        self.assertEqual(0, self._undone([second, first]))
        self.assertEqual((0, []), (self.row().undo, self._todos()))

    def test_with_nothing_undone_it_tells_what_is_left(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self.assertEqual(2, self._undone([]))
        self.assertEqual(2, self.row().undo)

    def test_it_can_be_noted_twice(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        keys = list(self.store.todos(self.row().id))
        self.assertEqual(0, self._undone(keys))
        self.assertEqual(0, self._undone(keys))

    def test_not_by_who_lost_the_token(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self.take("rerun")
        self.assertIsNone(self._undone())
        self.assertEqual(2, self.row().undo)
        self.assertEqual(2, len(self._todos()))

    def test_it_is_not_undone_again_with_a_later_one(self) -> None:
        self._begin()
        self._withdraw(Fate.WITHDRAWN)
        self._undone()
        self.make(self.present.claim, "c")
        later = self.take("recover")
        self._withdraw(Fate.WITHDRAWN, held=later)
        self.assertEqual(1, self.row().undo)
        self.assertEqual(["undo c"], self._todos())
