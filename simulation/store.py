# SPDX-License-Identifier: Apache-2.0
"""The engine's store on the simulated database.

Each method takes the steps of its namesake in ``nova.db.idempotency``, one
statement or one transaction after the other, so that a worker can stop and
die between them as it can there.
"""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Use
from simulation.database import Row
from simulation.history import What
from simulation.line import Locked
from simulation.line import Session
from simulation.looking import LEASE
from simulation.looking import PAST
from simulation.looking import UNSETTLED
from simulation.withdrawing import Kept
from simulation.withdrawing import Withdrawing

Check = ty.Callable[[Record], bool]
Survives = ty.Callable[[ty.Any, ty.Sequence[Resource]], bool]


class Store(Withdrawing):
    """One process's store; see ``openstack_idempotency.sql.store``."""

    def claim(self, use: Use) -> int | None:
        """Insert the token's row; see ``Claiming.claim``."""
        place = (use.digests[0], use.scope.target)

        def write(session: Session) -> int | None:
            reached(Point.CLAIMING)
            there = self._database.rows.get(place)
            if there is not None:
                session.lock(there)
                if session.transaction.read(there) is not None:
                    return None
            key = self._database.next_key()
            now = self._database.now
            row = Row(self._fresh(use, key, now), use.scope, now)
            session.transaction.stage(lambda: self._insert(place, row))
            return key

        try:
            key = self._line.statement(write)
        except Locked:
            return None
        return self._own_key(use) if key is None else key

    def rerun(self, record: Record, use: Use) -> bool:
        """Take the row over for a new run; see ``Claiming.rerun``."""
        now = self._database.now
        fresh = self._fresh(use, record.id, now).__dict__ | {
            "takeovers": record.takeovers + 1,
            "undo": record.undo,
        }
        # A life has ended by itself, not because it was given back.
        aged = record.expires_at <= now
        freed = record.owner in self._history.freed
        return self._compare_and_swap(
            record,
            use,
            fresh,
            Point.RERUNNING,
            "aged" if aged and not freed else "rerun",
        )

    def recover(self, record: Record, use: Use) -> bool:
        """Take the row over to finish it; see ``Claiming.recover``."""
        values = {
            "state": State.RUNNING,
            "owner": use.owner,
            "lease_until": self._database.now + LEASE,
            "takeovers": record.takeovers + 1,
        }
        return self._compare_and_swap(
            record, use, values, Point.RECOVERING, "recover"
        )

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        """Renew leases, each in a transaction; see ``Claiming.extend``."""
        for claim in claims:
            self._line.transaction(lambda s, c=claim: self._renewed(s, c))  # type: ignore[misc]

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Store the outcome; see ``Settling.complete``."""

        def complete(session: Session) -> bool:
            row, record = self._locked(session, claim.id)
            if row is None or record is None:
                return False
            if not self.holds(record, claim.owner):
                return False
            lasting, end = row.lasting(record), outcome.expires_at
            session.transaction.write(
                row,
                state=outcome.state,
                status=outcome.status,
                sealed=outcome.sealed,
                expires_at=record.expires_at if lasting else end,
                answer_until=end if lasting else None,
            )
            says = claim.owner, "complete", outcome.state.value
            self._settles(session, *says)
            return True

        return self._line.statement(complete)

    def abandon(self, claim: Claim) -> bool:
        """End the lease at once; see ``Settling.abandon``."""
        return self._update(
            claim.id,
            lambda record: self.holds(record, claim.owner),
            (claim.owner, "abandon"),
            lease_until=PAST,
        )

    def free(self, claim: Claim, use: Use) -> Freeing:
        """Free the token; see ``Settling.free``."""
        tries = 0

        def free(session: Session) -> bool:
            nonlocal tries
            tries += 1
            reached(Point.FREEING)
            row, record = self._locked(session, claim.id)
            if (
                row is None
                or record is None
                or not self.holds(record, claim.owner)
                or record.bound
            ):
                return False
            if claim.shared:
                self._expire(session, row)
            else:
                session.transaction.delete(row)
            self._settles(session, claim.owner, "free")
            return True

        if self._line.transaction(free):
            return Freeing.FREED
        owner = self._owner(claim)
        if owner is None and tries > 1 and not claim.shared:
            return Freeing.FREED
        return Freeing.BOUND if owner == claim.owner else Freeing.LOST

    def unbind(self, claim: Claim, survives: Survives) -> Freeing:
        """Free the token if nothing is left; see ``Settling.unbind``."""

        def unbind(session: Session) -> Freeing:
            row, record = self._locked(session, claim.id)
            if row is None or record is None:
                return Freeing.LOST
            if not self.holds(record, claim.owner):
                return Freeing.LOST
            self._expire(session, row)
            reached(Point.FREEING)
            session.statement()
            bound = tuple(self._database.resources.get(claim.id, {}).values())
            if bound and survives(session, bound):
                raise Kept
            session.statement()
            self._forget(session, claim.id)
            self._settles(session, claim.owner, "free")
            return Freeing.FREED

        try:
            return self._line.transaction(unbind)
        except Kept:
            return Freeing.BOUND

    def give_back(self, use: Use) -> None:
        """Undo a claim that was in vain; see ``Claiming.give_back``."""
        row = self._line.statement(lambda session: self._found(use))
        if row is None:
            return

        def unbound(record: Record) -> bool:
            return (
                record.owner == use.owner
                and record.request_id == use.request_id
                and not record.bound
            )

        said = (use.owner, "give-back")
        if not self._update(
            row.record.id, unbound, said, lease_until=PAST, expires_at=PAST
        ):
            self._update(
                row.record.id,
                lambda record: record.owner == use.owner,
                said,
                lease_until=PAST,
            )

    def _expire(self, session: Session, row: Row) -> None:
        now = self._database.now
        session.transaction.write(
            row, bound=0, lease_until=PAST, expires_at=now
        )

    def _insert(self, place: tuple[bytes, str], row: Row) -> None:
        self._database.rows[place] = row
        self._database.by_key[row.record.id] = row
        self._history.note_of(row.record.owner, What.CLAIMED)

    def _renewed(self, session: Session, claim: Claim) -> bool:
        row = self._database.by_key.get(claim.id)
        if row is None or not session.transaction.try_lock(row):
            return False
        reached(Point.EXTENDING)
        session.statement()
        record = session.transaction.read(row)
        if (
            record is None
            or not self.holds(record, claim.owner)
            or not record.runs(PAST)
        ):
            return False
        now = self._database.now
        lasting = row.lasting(record)
        session.transaction.write(
            row,
            lease_until=now + LEASE,
            expires_at=record.expires_at if lasting else now + UNSETTLED,
        )
        return True

    def _compare_and_swap(
        self,
        read: Record,
        use: Use,
        values: dict[str, ty.Any],
        point: Point,
        how: str,
    ) -> bool:
        def swap(session: Session) -> bool:
            row = self._database.by_key.get(read.id)
            if row is None or not session.transaction.try_lock(row):
                return False
            reached(point)
            session.statement()
            record = session.transaction.read(row)
            if record is None or not (
                self.as_read(record, read) or record.owner == use.owner
            ):
                return False
            session.transaction.write(
                row, **values | {"id": read.id, "digest": read.digest}
            )
            if point is Point.RERUNNING:
                session.statement()
                self._forget(session, read.id)
                session.transaction.stage(lambda: setattr(row, "gone", False))
            if record.owner != use.owner:
                former = record.owner
                session.transaction.stage(
                    lambda: self._takes(use.owner, former, how)
                )
            return True

        return self._line.transaction(swap)

    def _takes(self, owner: str, former: str, how: str) -> None:
        _, whose = self._history.holders[former]
        lapse = self._lapses(whose)
        self._history.note_of(owner, What.TOOK, whose, how, lapse)

    def _forget(self, session: Session, key: int) -> None:
        """Delete what is bound to a row that is locked."""
        session.transaction.stage(
            lambda: self._database.resources.pop(key, None)
        )
