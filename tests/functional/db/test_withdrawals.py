# SPDX-License-Identifier: Apache-2.0
"""What is left of withdrawals, for those who look after it."""

from __future__ import annotations

import fixtures

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import TTL
from openstack_idempotency.sql import withdrawing
from openstack_idempotency.sql.withdrawing import Left
from tests.functional.db import base
from tests.functional.db import errands

_GONE = 2 * contract.LEASE / 1000 + 0.001


@base.on_each_backend
class _Withdrawals(base.StoreTestCase):
    def withdrawn(self, token: str, names: str = "a") -> Claim:
        """Return a claim that was held while all of it was withdrawn."""
        held = self.hold(token=token)
        for name in names:
            self.make(held.claim, name)
        self.store.abandon(held.claim)
        present = self.take("recover", token=token)
        work = errands.Work(lambda: errands.MADE)
        self.store.withdraw(present.claim, present.use, work.withdraw)
        return present.claim

    def undone(self, token: str, names: str = "a") -> Claim:
        claim = self.withdrawn(token, names)
        self.store.undone(claim, [*self.store.todos(claim.id)])
        return claim

    def in_short_stretches(self) -> None:
        name = f"{withdrawing.__name__}._BATCH"
        self.useFixture(fixtures.MonkeyPatch(name, 2))

    def test_nobody_undoes_what_a_request_is_about_to(self) -> None:
        claim = self.withdrawn("token", "ab")
        self.assertEqual(([], None), self.store.left())
        self.clock.forward(_GONE)
        mine = [Left(claim.id, claim.owner)]
        self.assertEqual((mine, None), self.store.left())
        self.store.undone(mine[0].claim, [*self.store.todos(claim.id)])
        self.assertEqual(([], None), self.store.left())

    def test_what_stays_to_be_undone_does_not_hide_the_rest(self) -> None:
        self.in_short_stretches()
        claims = [self.withdrawn(token) for token in ("1", "2", "3")]
        self.clock.forward(_GONE)
        first, after = self.store.left()
        assert after is not None
        rest, end = self.store.left(after)
        self.assertEqual(
            [claim.id for claim in claims],
            [one.token_id for one in first + rest],
        )
        self.assertEqual((2, None), (len(first), end))

    def test_late_traces_that_stay_do_not_hide_the_others(self) -> None:
        self.in_short_stretches()
        self.undone("1", "ab")
        self.undone("2", "c")
        first, after = self.store.withdrawn()
        assert after is not None
        rest, end = self.store.withdrawn(after)
        self.assertEqual(
            ["a", "b", "c"], [one.id for one in [*(first | rest).values()]]
        )
        self.assertIsNone(end)

    def test_what_was_swept_is_forgotten(self) -> None:
        self.undone("1", "ab")
        self.withdrawn("2")
        withdrawn, _ = self.store.withdrawn()
        key, other = withdrawn
        self.store.forget_withdrawn([key])
        self.assertEqual([other], [*self.store.withdrawn()[0]])
        self.clock.forward(TTL / 1000 + 1)
        self.store.forget_withdrawn([])
        self.assertEqual({}, self.store.withdrawn()[0])
        self.assertEqual(1, len(self.store.left()[0]))
