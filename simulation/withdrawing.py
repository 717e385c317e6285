# SPDX-License-Identifier: Apache-2.0
"""The steps of a withdrawal; see ``openstack_idempotency.sql.withdrawing``."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from simulation import tuning
from simulation.database import Row
from simulation.database import Withdrawal
from simulation.line import Session
from simulation.looking import Looking
from simulation.looking import UNSETTLED

TakeBack = ty.Callable[[ty.Any, ty.Sequence[Resource]], Withdrawn]


class Kept(Exception):
    """Nothing is to be changed after all: a transaction is rolled back."""


class Withdrawing(Looking):
    """Lets a service take back what it has not gone on with."""

    def withdraw(
        self, claim: Claim, use: Use, take_back: TakeBack
    ) -> Fate | None:
        """Let a service take back what is bound, in one transaction."""

        def withdraw(session: Session) -> Fate | None:
            row = self._fenced(session, claim)
            if row is None:
                return None
            session.statement()
            committed = self._committed(session, row)
            if committed is not None:
                return committed
            session.statement()
            bound = tuple(self._database.resources.get(claim.id, {}).values())
            withdrawn = take_back(session, bound)
            reached(Point.WITHDRAWING)
            if withdrawn.fate is Fate.TAKEN:
                raise Kept
            self._note(session, row, withdrawn)
            if withdrawn.fate is Fate.WITHDRAWN:
                self._renew(session, row, use)
            else:
                self._end(session, row)
            return withdrawn.fate

        try:
            return self._line.transaction(withdraw)
        except Kept:
            return Fate.TAKEN

    def todos(self, token_id: int) -> dict[int, str]:
        """Return what is to be undone, by the keys of the withdrawals."""
        return self._line.statement(lambda session: self._pending(token_id))

    def undone(self, claim: Claim, keys: ty.Collection[int]) -> int | None:
        """Note what is undone, and return how much is left."""

        def note(session: Session) -> int | None:
            row, record = self._locked(session, claim.id)
            if row is None or record is None:
                return None
            if not self.holds(record, claim.owner):
                return None
            session.statement()
            pending = self._pending(claim.id).keys()
            session.statement()
            noted = self._database.withdrawals.get(claim.id, ())
            for key in pending & set(keys):
                session.transaction.stage(
                    lambda w=noted[key]: setattr(w, "undone", True)  # type: ignore[misc]
                )
            session.statement()
            left = len(pending - set(keys))
            session.transaction.write(row, undo=left)
            return left

        return self._line.transaction(note)

    def _pending(self, token_id: int) -> dict[int, str]:
        noted = self._database.withdrawals.get(token_id, ())
        return {
            key: withdrawal.todo
            for key, withdrawal in enumerate(noted)
            if not withdrawal.undone
        }

    def _fenced(self, session: Session, claim: Claim) -> Row | None:
        row, record = self._locked(session, claim.id)
        if row is None or record is None:
            return None
        if not self.holds(record, claim.owner):
            return None
        until = self._database.now + int(tuning.LEASE * 1000)
        session.transaction.write(row, lease_until=until)
        return row

    def _committed(self, session: Session, row: Row) -> Fate | None:
        """Return what was committed before, while its connection broke."""
        record = session.transaction.read(row)
        assert record is not None  # noqa: S101 - it is locked
        if record.state is not State.RUNNING:
            return Fate.DELETED
        return None if record.bound else Fate.WITHDRAWN

    def _note(self, session: Session, row: Row, withdrawn: Withdrawn) -> None:
        key = row.record.id
        session.statement()
        session.transaction.stage(
            lambda: self._database.resources.pop(key, None)
        )
        for _, todo in withdrawn.todos:
            session.transaction.stage(
                lambda todo=todo: self._database.withdrawals[key].append(  # type: ignore[misc]
                    Withdrawal(todo)
                )
            )
        session.statement()
        record = session.transaction.read(row)
        assert record is not None  # noqa: S101 - it is locked
        undo = record.undo + len(withdrawn.todos)
        session.transaction.write(row, bound=0, undo=undo)
        session.statement()

    def _end(self, session: Session, row: Row) -> None:
        """Make the row that of a request without an answer."""
        record = session.transaction.read(row)
        assert record is not None  # noqa: S101 - it is locked
        session.transaction.write(
            row,
            state=State.SUCCEEDED,
            expires_at=self._database.now + tuning.TTL * 1000,
        )
        self._settles(session, record.owner, "withdraw")

    def _renew(self, session: Session, row: Row, use: Use) -> None:
        """Make the row that of the request which now runs."""
        now = self._database.now
        session.transaction.write(
            row,
            request_id=use.request_id,
            roles=use.roles,
            linked=use.linked,
            expires_at=FOREVER if use.lasting else now + UNSETTLED,
        )
        session.transaction.stage(lambda: setattr(row, "gone", False))
