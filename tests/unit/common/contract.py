# SPDX-License-Identifier: Apache-2.0
"""What every store promises; its fake and each database run these tests."""

from __future__ import annotations

import dataclasses
import typing as ty
import uuid

import testtools

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency.claim import Claim
from nova.openstack.common.idempotency.digest import Digests
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.sameness import Scope
from nova.openstack.common.idempotency.store import Outcome
from nova.openstack.common.idempotency.store import Release
from nova.openstack.common.idempotency.store import Store
from nova.openstack.common.idempotency.store import Use
from tests.unit.common import fakes

LEASE = 60_000
TTL = 3_600_000
ONE, TWO = b"1" * 32, b"2" * 32
SCOPE = Scope("project", "user", "POST /servers")
KIND = "thing"


def use_of(
    token: str = "token",
    *,
    scope: Scope = SCOPE,
    body: bytes = b"{}",
    secrets: ty.Sequence[bytes] = (ONE,),
) -> Use:
    """Return a new request's use of a token."""
    digests = Digests(secrets)
    name = uuid.uuid4().hex
    return Use(
        scope,
        digests.caller(scope, token),
        digests.request(token, body),
        f"req-{name}",
        name,
        version="2.90",
        roles=frozenset({"member", "reader"}),
        linked=True,
    )


class Held(ty.NamedTuple):
    """A request that holds its token."""

    use: Use
    claim: Claim


class StoreContract(testtools.TestCase):
    """Base of the tests of a store; not run itself."""

    store: Store
    clock: fakes.Clock

    def make(self, claim: Claim, name: str = "a thing") -> Resource:
        """Make a resource under a claim, and commit it."""
        raise NotImplementedError

    # -- what the tests say

    def hold(self, **how: ty.Any) -> Held:
        use = use_of(**how)
        key = self.store.claim(use)
        assert key is not None
        return Held(use, self.claim_of(key, use))

    def claim_of(
        self,
        key: int,
        use: Use,
        row: bytes | None = None,
        *,
        shared: bool = False,
    ) -> Claim:
        return Claim(
            shared=shared,
            id=key,
            digest=row or use.digests[0],
            owner=use.owner,
            claimed_at=self.clock.milliseconds,
            started=0.0,
            link=KIND,
        )

    def just_claimed(self, key: int, use: Use) -> Record:
        """Return what the row of a use is when it begins to run."""
        now = self.clock.milliseconds
        return Record(
            id=key,
            digest=use.digests[0],
            fingerprint=use.fingerprints[0],
            state=State.RUNNING,
            owner=use.owner,
            linked=True,
            bound=0,
            takeovers=0,
            undo=0,
            roles=use.roles,
            lease_until=now + LEASE,
            expires_at=now + LEASE + TTL,
            request_id=use.request_id,
            status=None,
            sealed=None,
        )

    def row(self, use: Use | None = None) -> Record:
        _, record = self.store.look(use or use_of())
        assert record is not None
        return record

    def is_free(self, use: Use | None = None) -> bool:
        """Tell whether the next use of a token is a new request."""
        now, record = self.store.look(use or use_of())
        if record is None:
            return True
        return now >= record.expires_at and not record.runs(now)

    def overtaken(
        self, take: str = "rerun", token: str = "token"
    ) -> tuple[Held, Held]:
        """Return a request that lost its token, and the one that has it."""
        former = self.hold(token=token)
        use = use_of(token)
        self.assertTrue(getattr(self.store, take)(self.row(use), use))
        return former, Held(
            use, self.claim_of(former.claim.id, use, shared=True)
        )

    def outcome(self, state: State = State.SUCCEEDED) -> Outcome:
        return Outcome(state, 202, b"sealed", self.clock.milliseconds + TTL)


class LookContract(StoreContract):
    def test_an_unused_token_has_no_row(self) -> None:
        self.assertEqual(
            (self.clock.milliseconds, None), self.store.look(use_of())
        )

    def test_the_time_is_told_with_a_row_too(self) -> None:
        self.hold()
        self.clock.forward(1.5)
        now, _ = self.store.look(use_of())
        self.assertEqual(self.clock.milliseconds, now)

    def test_looking_changes_nothing(self) -> None:
        self.hold()
        self.assertEqual(self.row(), self.row())


class ClaimContract(StoreContract):
    def test_the_row_is_as_the_use_says(self) -> None:
        use, claim = self.hold()
        self.assertEqual(self.just_claimed(claim.id, use), self.row())

    def test_a_second_request_does_not_get_it(self) -> None:
        use, _ = self.hold()
        self.assertIsNone(self.store.claim(use_of()))
        self.assertEqual(use.owner, self.row().owner)

    def test_the_same_request_finds_that_it_has_it(self) -> None:
        # As after a commit whose connection broke.
        use, claim = self.hold()
        self.assertEqual(claim.id, self.store.claim(use))

    def test_other_tokens_and_scopes_are_unrelated(self) -> None:
        uses = [
            use_of(),
            use_of("another"),
            use_of(scope=dataclasses.replace(SCOPE, project_id="q")),
            use_of(scope=dataclasses.replace(SCOPE, project_id=None)),
            use_of(scope=dataclasses.replace(SCOPE, project_id="")),
            use_of(scope=dataclasses.replace(SCOPE, user_id="v")),
            use_of(scope=dataclasses.replace(SCOPE, target="POST /x")),
        ]
        keys = {self.store.claim(use) for use in uses}
        self.assertNotIn(None, keys)
        self.assertEqual(len(uses), len(keys))

    def test_a_target_may_be_longer_than_its_column(self) -> None:
        for end in ("a", "b"):
            scope = dataclasses.replace(SCOPE, target="/" + "x" * 999 + end)
            self.hold(scope=scope)


class TakeoverContract(StoreContract):
    def test_rerun_makes_the_row_as_if_just_claimed(self) -> None:
        _, claim = self.hold()
        self.make(claim)
        self.store.complete(claim, self.outcome())
        self.clock.forward(TTL)
        use = use_of(body=b"another")
        self.assertTrue(self.store.rerun(self.row(), use))
        expected = dataclasses.replace(
            self.just_claimed(claim.id, use), takeovers=1
        )
        self.assertEqual(expected, self.row())
        self.assertEqual((), self.store.resources(claim.id))

    def test_recover_changes_the_owner_and_the_lease_only(self) -> None:
        _, claim = self.hold()
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

    def _changes(self) -> dict[str, ty.Callable[[Held], object]]:
        return {
            "lease": lambda held: self.store.abandon(held.claim),
            "state": lambda held: self.store.complete(
                held.claim, self.outcome()
            ),
            "linked": lambda held: self.make(held.claim),
            "owner": lambda held: self.store.rerun(
                self.row(held.use), dataclasses.replace(held.use, owner="o")
            ),
            "row": lambda held: self.store.release(
                held.claim, held.use, made_nothing=True
            ),
        }

    def test_a_row_that_changed_since_it_was_read_is_not_taken(self) -> None:
        for take in ("rerun", "recover"):
            for what, change in self._changes().items():
                held = self.hold(token=f"{take} {what}")
                use = use_of(f"{take} {what}")
                read = self.row(use)
                self.clock.forward(1)
                change(held)
                after = self.store.look(use)
                taken = getattr(self.store, take)(read, use)
                self.assertFalse(taken, (take, what))
                self.assertEqual(after, self.store.look(use))

    def test_the_same_request_finds_that_it_took_it(self) -> None:
        for take in ("rerun", "recover"):
            self.hold(token=take)
            use = use_of(take)
            read = self.row(use)
            self.assertTrue(getattr(self.store, take)(read, use))
            self.assertTrue(getattr(self.store, take)(read, use))

    def test_a_row_can_be_taken_over_again_and_again(self) -> None:
        self.hold()
        for _ in range(3):
            self.assertTrue(self.store.recover(self.row(), use_of()))
            self.assertTrue(self.store.rerun(self.row(), use_of()))


class FormerOwnerContract(StoreContract):
    """Whoever lost a token changes nothing any more."""

    def _attempts(self) -> dict[str, ty.Callable[[Claim], object]]:
        return {
            "complete": lambda c: self.store.complete(c, self.outcome()),
            "release": lambda c: self._released(c, made_nothing=False),
            "release all": lambda c: self._released(c, made_nothing=True),
            "abandon": self.store.abandon,
            "extend": lambda c: self.store.extend([c]),
        }

    def _released(self, claim: Claim, *, made_nothing: bool) -> bool:
        released = self.store.release(
            claim, use_of(), made_nothing=made_nothing
        )
        return released is not Release.LOST

    def test_after_a_takeover(self) -> None:
        for take in ("rerun", "recover"):
            former, present = self.overtaken(take, token=take)
            made = self.make(present.claim)
            before = self.row(present.use)
            self.clock.forward(1)
            for what, attempt in self._attempts().items():
                self.assertFalse(attempt(former.claim), (take, what))
                self.assertEqual(before, self.row(present.use))
            self.assertEqual((made,), self.store.resources(before.id))
            self.store.release(
                present.claim, present.use, made_nothing=True
            )

    def test_after_a_release(self) -> None:
        use, claim = self.hold()
        self.store.release(claim, use, made_nothing=False)
        for what, attempt in self._attempts().items():
            self.assertFalse(attempt(claim), what)
            self.assertTrue(self.is_free())

    def test_after_a_release_and_another_claim(self) -> None:
        former = self.hold()
        self.store.release(former.claim, former.use, made_nothing=False)
        self.hold()
        before = self.row()
        for what, attempt in self._attempts().items():
            self.assertFalse(attempt(former.claim), what)
            self.assertEqual(before, self.row())

    def test_what_it_makes_is_undone_and_it_is_told(self) -> None:
        former, present = self.overtaken()
        self.assertRaises(errors.TokenLost, self.make, former.claim)
        self.assertTrue(former.claim.lost)
        self.assertFalse(present.claim.lost)
        self.assertEqual((), self.store.resources(present.claim.id))
        self.assertEqual(0, self.row().bound)


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
        self.store.extend([])

    def test_abandon_ends_the_lease_at_once_and_changes_no_more(self) -> None:
        _, claim = self.hold()
        before = self.row()
        self.store.abandon(claim)
        expected = dataclasses.replace(before, lease_until=0)
        self.assertEqual(expected, self.row())


class OutcomeContract(StoreContract):
    def test_it_is_written_down(self) -> None:
        for state in (State.SUCCEEDED, State.FAILED, State.UNKNOWN):
            use, claim = self.hold(token=state.value)
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
        self.assertIsNone(self.row(use).sealed)

    def test_the_largest_answer_can_be_kept(self) -> None:
        use, claim = self.hold()
        large = b"\xff" * (4 * 1024 * 1024 + 65536)
        self.store.complete(claim, Outcome(State.SUCCEEDED, 202, large, 42))
        self.assertEqual(large, self.row(use).sealed)

    def test_it_can_be_written_by_who_took_over(self) -> None:
        _, present = self.overtaken("recover")
        self.assertTrue(self.store.complete(present.claim, self.outcome()))


class ReleaseContract(StoreContract):
    def test_a_token_that_made_nothing_is_free_again(self) -> None:
        use, claim = self.hold()
        released = self.store.release(claim, use, made_nothing=False)
        self.assertIs(Release.FREED, released)
        self.assertTrue(self.is_free())
        self.hold(body=b"another")

    def test_one_that_made_something_is_not(self) -> None:
        use, claim = self.hold()
        made = self.make(claim)
        before = self.row()
        released = self.store.release(claim, use, made_nothing=False)
        self.assertIs(Release.BOUND, released)
        self.assertEqual(before, self.row())
        self.assertEqual((made,), self.store.resources(claim.id))

    def test_unless_what_it_made_is_gone_again(self) -> None:
        use, claim = self.hold()
        self.make(claim)
        released = self.store.release(claim, use, made_nothing=True)
        self.assertIs(Release.FREED, released)
        self.assertTrue(self.is_free())
        self.assertEqual((), self.store.resources(claim.id))

    def test_other_tokens_stay(self) -> None:
        other = self.hold(token="other")
        made = self.make(other.claim)
        use, claim = self.hold()
        self.store.release(claim, use, made_nothing=False)
        self.assertEqual(1, self.row(other.use).bound)
        self.assertEqual((made,), self.store.resources(other.claim.id))


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


class RotationContract(StoreContract):
    """Hosts whose lists of secrets are in another order (section 4)."""

    def test_they_exclude_each_other(self) -> None:
        for first, second in (
            ((ONE, TWO), (TWO, ONE)),
            ((ONE, TWO), (ONE,)),
            ((ONE,), (ONE, TWO)),
            ((ONE, TWO), (TWO,)),
            ((TWO,), (ONE, TWO)),
        ):
            token = repr((first, second))
            held = self.hold(token=token, secrets=first)
            other = use_of(token, secrets=second)
            self.assertIsNone(self.store.claim(other), token)
            self.assertEqual(held.use.owner, self.row(other).owner)

    def test_the_row_is_found_by_each_of_its_names(self) -> None:
        use, claim = self.hold(secrets=(ONE, TWO))
        for secrets in ((ONE,), (TWO,), (TWO, ONE)):
            found = self.row(use_of(secrets=secrets))
            self.assertEqual((claim.id, use.digests[0]),
                             (found.id, found.digest))  # fmt: skip

    def test_a_row_that_was_found_by_an_alias_can_be_taken_over(self) -> None:
        self.hold(secrets=(ONE, TWO))
        use = use_of(secrets=(TWO,))
        for take in (self.store.recover, self.store.rerun):
            self.assertTrue(take(self.row(use), use))
            self.assertEqual(use.owner, self.row().owner)

    def test_its_outcome_is_found_by_each_of_its_names(self) -> None:
        _, claim = self.hold(secrets=(ONE, TWO))
        self.store.complete(claim, self.outcome())
        self.assertEqual(b"sealed", self.row(use_of(secrets=(TWO,))).sealed)

    def test_a_release_frees_all_its_names(self) -> None:
        use, claim = self.hold(secrets=(ONE, TWO))
        self.store.release(claim, use, made_nothing=False)
        for secrets in ((ONE,), (TWO,)):
            self.assertTrue(self.is_free(use_of(secrets=secrets)))

    def test_the_same_request_finds_that_it_has_it(self) -> None:
        use, claim = self.hold(secrets=(ONE, TWO))
        self.assertEqual(claim.id, self.store.claim(use))


CONTRACTS = (
    LookContract,
    ClaimContract,
    TakeoverContract,
    FormerOwnerContract,
    LeaseContract,
    OutcomeContract,
    ReleaseContract,
    ResourcesContract,
    RotationContract,
)
