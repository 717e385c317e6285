# SPDX-License-Identifier: Apache-2.0
"""Many at once: protocol section 5, with real threads and connections."""

from __future__ import annotations

import functools
import time
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base

_THREADS = 8
_ROUNDS = 5
# Far less than any lock's timeout, and far more than a statement takes.
_PROMPT = 3


class _RacesTestCase(base.StoreTestCase):
    def race(
        self, call: ty.Callable[[Use], ty.Any], uses: ty.Sequence[Use]
    ) -> list[ty.Any]:
        return base.at_once(*(functools.partial(call, use) for use in uses))


@base.on_each_backend
class _Races(_RacesTestCase):
    def test_of_many_claims_one_wins(self) -> None:
        for number in range(_ROUNDS):
            uses = [use_of(str(number)) for _ in range(_THREADS)]
            keys = self.race(self.store.claim, uses)
            pairs = zip(uses, keys, strict=True)
            won = [pair for pair in pairs if pair[1] is not None]
            self.assertEqual(1, len(won))
            use, key = won[0]
            row = self.row(use_of(str(number)))
            self.assertEqual((key, use.owner), (row.id, row.owner))

    def test_of_many_takeovers_one_wins(self) -> None:
        for take in (self.store.rerun, self.store.recover):
            for number in range(_ROUNDS):
                token = f"{take.__name__} {number}"
                self.hold(token=token)
                uses = [use_of(token) for _ in range(_THREADS)]
                read = self.row(uses[0])
                taken = self.race(lambda use: take(read, use), uses)  # noqa: B023
                self.assertEqual(1, taken.count(True))
                winner = uses[taken.index(True)]
                self.assertEqual(winner.owner, self.row(winner).owner)

    def test_a_worker_that_ends_and_a_retry_never_both_succeed(self) -> None:
        for number in range(_ROUNDS):
            token = str(number)
            held, use = self.hold(token=token), use_of(token)
            read = self.row(use)
            completed, taken = base.at_once(
                lambda: self.store.complete(held.claim, self.outcome()),  # noqa: B023
                lambda: self.store.rerun(read, use),  # noqa: B023
            )
            self.assertIs(completed, not taken)
            row = self.row(use)
            self.assertEqual(taken, row.owner == use.owner)
            self.assertEqual(completed, row.sealed is not None)

    def test_a_commit_and_a_retry_never_both_succeed(self) -> None:
        for number in range(_ROUNDS):
            token = str(number)
            held, use = self.hold(token=token), use_of(token)
            read = self.row(use)
            made, taken = base.at_once(
                lambda: self._made(held.claim, token),  # noqa: B023
                lambda: self.store.rerun(read, use),  # noqa: B023
            )
            self.assertIs(made, not taken)
            self.assertEqual(made, token in self.things())
            bound = self.store.resources(held.claim.id)
            self.assertEqual(made, bool(bound))
            self.assertEqual(int(made), self.row(use).bound)

    def _made(self, claim: Claim, name: str) -> bool:
        try:
            self.make(claim, name)
        except errors.TakenOver:
            return False
        return True


class _Died(BaseException):
    """Stands for the end of a worker."""


@base.on_each_backend
class _Halves(base.StoreTestCase):
    """A worker dies when it is about to delete what is bound."""

    def setUp(self) -> None:
        super().setUp()
        self.held = self.hold()
        self.made = self.make(self.held.claim)
        engine = self.store.connections.engine()
        sa.event.listen(engine, "before_cursor_execute", self._die)
        self.addCleanup(
            sa.event.remove, engine, "before_cursor_execute", self._die
        )

    def _die(
        self, conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
    ) -> None:
        if "DELETE FROM client_token_resources" in statement:
            raise _Died

    def assert_unchanged(self, call: ty.Callable[[], object]) -> None:
        before = self.row()
        self.assertRaises(_Died, call)
        self.assertEqual(before, self.row())
        bound = self.store.resources(self.held.claim.id)
        self.assertEqual((self.made,), bound)

    def test_a_rerun_is_not_half_done(self) -> None:
        row = self.row()
        self.assert_unchanged(lambda: self.store.rerun(row, use_of()))

    def test_nor_is_a_release(self) -> None:
        self.assert_unchanged(lambda: self.unbind(self.held))


@base.on_each_backend
class _RotationRaces(_RacesTestCase):
    """API hosts list the secrets in another order while one is rotated."""

    def test_of_many_claims_one_wins_and_none_fails(self) -> None:
        for number in range(_ROUNDS):
            uses = [
                use_of(str(number), secrets=secrets)
                for secrets in ((ONE, TWO), (TWO, ONE)) * (_THREADS // 2)
            ]
            keys = self.race(self.store.claim, uses)
            self.assertEqual(1, len(keys) - keys.count(None))
            owners = {self.row(use).owner for use in uses}
            self.assertEqual(1, len(owners))

    def _taken(self, use: Use) -> Claim | None:
        """Return a claim, if the token is free and nobody is faster."""
        _, row = self.store.look(use)
        if row is None:
            key = self.store.claim(use)
            return None if key is None else self.claim_of(key, use)
        if not self.is_free(use) or not self.store.rerun(row, use):
            return None
        return self.claim_of(row.id, use, row.digest, shared=True)

    def test_claims_and_releases_leave_it_free_and_none_fails(self) -> None:
        def claim_and_release(use: Use) -> None:
            claim = self._taken(use)
            if claim is not None:
                freed = self.store.free(claim, use)
                self.assertIs(Freeing.FREED, freed)

        for _ in range(_ROUNDS):
            uses = [
                use_of(secrets=secrets)
                for secrets in ((ONE, TWO), (TWO, ONE)) * (_THREADS // 2)
            ]
            self.race(claim_and_release, uses)
            for use in uses:
                self.assertTrue(self.is_free(use))


@base.on_each_server
class _Frozen(_RacesTestCase):
    """A worker stops in the middle of the transaction that binds."""

    def setUp(self) -> None:
        super().setUp()
        self.held = self.hold()
        self.read = self.row()
        self.frozen = self.database.engine.connect()
        self.addCleanup(self.frozen.close)
        self.frozen.begin()
        mine = TOKENS.c.id == self.held.claim.id
        bind = sa.update(TOKENS).where(mine).values(bound=1)
        self.assertEqual(1, self.frozen.execute(bind).rowcount)

    def prompt(self, call: ty.Callable[[], ty.Any]) -> ty.Any:
        began = time.monotonic()
        result = call()
        self.assertLess(time.monotonic() - began, _PROMPT)
        return result

    def test_nobody_waits_to_take_it_over(self) -> None:
        for take in (self.store.rerun, self.store.recover):
            use = use_of()
            taken = self.prompt(lambda: take(self.read, use))  # noqa: B023
            self.assertIs(False, taken)

    def test_nobody_waits_to_look(self) -> None:
        self.assertEqual(self.read, self.prompt(self.row))

    def test_other_leases_of_its_process_are_renewed(self) -> None:
        other = self.hold(token="other")
        self.clock.forward(20)
        self.prompt(lambda: self.store.extend([self.held.claim, other.claim]))
        row = self.row(other.use)
        until = self.clock.milliseconds + 60_000
        self.assertEqual(until, row.lease_until)

    def test_its_commit_counts(self) -> None:
        self.frozen.commit()
        self.assertFalse(self.store.rerun(self.read, use_of()))
        self.assertEqual(1, self.row().bound)

    def test_after_its_rollback_it_is_taken_over(self) -> None:
        self.frozen.rollback()
        self.assertTrue(self.store.rerun(self.read, use_of()))
