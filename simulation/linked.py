# SPDX-License-Identifier: Apache-2.0
"""Operations of the simulated service that bind what they make.

The link does what ``openstack_idempotency.sql.link`` does inside of the
service's transactions.
"""

from __future__ import annotations

import functools
import typing as ty

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from simulation.database import Lockable
from simulation.history import What
from simulation.line import Session
from simulation.looking import Looking
from simulation.work import Failed
from simulation.work import Work

Insert = ty.Callable[[], None]


class Delete(ty.NamedTuple):
    """How a row is deleted.

    :param there: whether it is there
    :param now: deletes it
    """

    there: ty.Callable[[], bool]
    now: ty.Callable[[], None]


class _NotFound(Exception):
    """What was to be deleted is gone already."""


class Linked(Work):
    """An operation that binds what it makes."""

    KIND = "thing"
    #: Mutations take it away.
    guarded = True

    @property
    def link(self) -> str | None:
        """The kind of resource that it binds to the token."""
        return self.KIND

    def insert(self, name: str, insert: Insert) -> None:
        """Insert a resource's row and bind it, in one transaction.

        :param name: the resource's id
        :param insert: makes the row, when it is committed
        :raises errors.TakenOver: the claim does not hold any more
        """
        claim = claims.current()
        bound = claim if claim is not None and self.link else None

        def body(session: Session) -> None:
            if bound is not None:
                reached(Point.BEFORE_LINK)
                self._fence(session, bound, 1)
            session.statement()
            if bound is not None:
                self._bind(session, bound, name)
            session.transaction.stage(insert)
            reached(Point.BEFORE_COMMIT)

        self.line.service(body)
        reached(Point.AFTER_COMMIT)

    def clean(
        self, row: Lockable, name: str, delete: Delete, *, ends: bool = False
    ) -> bool:
        """Delete a row of what was made, in a transaction of its own.

        :param row: the row
        :param name: the id of the resource
        :param delete: deletes it when that is committed, and tells before
            whether it is there
        :param ends: whether the row's end is the resource's end
        :returns: False if somebody else had deleted it
        :raises errors.TakenOver: the claim does not hold any more
        """
        claim = claims.current()

        def body(session: Session) -> None:
            if claim is not None and self.guarded:
                reached(Point.BEFORE_CLEANUP)
                self._fence(session, claim, 0)
            session.statement()
            session.lock(row)
            if not delete.there():
                raise _NotFound
            session.transaction.stage(delete.now)
            if ends and claim is not None and self.guarded:
                self._unbind(session, claim, name)

        try:
            self.line.service(body)
        except _NotFound:
            return False
        return True

    def _fence(self, session: Session, claim: Claim, bound: int) -> None:
        row = self.cloud.database.by_key.get(claim.id)
        if row is not None:
            session.lock(row)
            record = session.transaction.read(row)
            if record is not None and Looking.holds(record, claim.owner):
                session.transaction.write(row, bound=record.bound + bound)
                return
        claim.lost = True
        raise errors.TakenOver

    def _unbind(self, session: Session, claim: Claim, name: str) -> None:
        key = claim.bindings.get(name)
        bound = self.cloud.database.resources[claim.id]
        if key in bound:
            session.statement()
            self._fence(session, claim, -1)
            gone = functools.partial(bound.pop, key, None)
            session.transaction.stage(gone)

    def _bind(self, session: Session, claim: Claim, name: str) -> None:
        database = self.cloud.database
        key = database.next_key()
        made = Resource(self.KIND, name, str(key))
        session.transaction.stage(
            lambda: database.resources[claim.id].__setitem__(key, made)
        )
        claim.bindings[name] = key


class Thing(Linked):
    """Makes one resource in one transaction, as a keypair is made.

    :param linked: whether this process links it already
    """

    linked = True

    @property
    def link(self) -> str | None:
        """The kind of resource that it binds, if this process does so."""
        return self.KIND if self.linked else None

    def perform(self) -> ty.Sequence[str]:
        """Make it."""
        cloud = self.cloud
        self.refuses()
        self.takes_time()
        name = f"thing-{self.request}"

        def make() -> None:
            cloud.things[name] = self.plan.number
            cloud.made.setdefault(self.plan.number, []).append(name)
            self.note(What.MADE, name)

        self.insert(name, make)
        cloud.pause()
        if cloud.goes_wrong(0.3):
            # A refusal of what is not linked counts as one that made nothing.
            refused = self.link is not None and cloud.chance.random() < 0.5
            raise Failed(409 if refused else 500)
        return [name]

    def found(self, id: str) -> bool:
        """Tell whether it is there."""
        return id in self.cloud.things

    def survives(
        self, transaction: Session, resources: ty.Sequence[Resource]
    ) -> bool:
        """Tell whether it is there, as its row says."""
        transaction.statement()
        return any(r.id in self.cloud.things for r in resources)
