# SPDX-License-Identifier: Apache-2.0
"""The linked operations of the simulated service, and their link.

The link does what ``nova.db.idempotency.link`` does inside of the service's
transactions; the operations do what ``nova.compute.api`` does.
"""

from __future__ import annotations

import functools
import typing as ty

from nova.openstack.common.idempotency import claim as claims
from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency.claim import Claim
from nova.openstack.common.idempotency.points import Point
from nova.openstack.common.idempotency.points import reached
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.work import Fate
from nova.openstack.common.idempotency.work import Withdrawn
from simulation.cloud import Mapping
from simulation.cloud import Record
from simulation.cloud import Server
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
        :raises errors.TokenLost: the claim does not hold any more
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
        :raises errors.TokenLost: the claim does not hold any more
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
        raise errors.TokenLost

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

    def found(self, id: str) -> bool:  # noqa: A002 - it is one
        """Tell whether it is there."""
        return id in self.cloud.things

    def survives(self, resources: ty.Sequence[Resource]) -> bool:
        """Tell whether it is there, as its row says."""
        self._read(patiently=True)
        return any(r.id in self.cloud.things for r in resources)


class Servers(Linked):
    """Makes servers, each in a transaction, and hands them on."""

    KIND = "server"

    def perform(self) -> ty.Sequence[str]:
        """Make them, as _provision_instances and _create_instance do."""
        self.refuses()
        made: list[Server] = []
        try:
            for number in range(self.plan.count):
                self.takes_time()
                server = Server(f"{self.request}-{number}", self.plan.number)
                self.insert(server.id, functools.partial(self._add, server))
                made.append(server)
                self._check_group()
        except Exception:
            self._clean_up(made)
            raise
        self.cloud.pause()
        self._hand_on(made)
        return [server.id for server in made]

    def found(self, id: str) -> bool:  # noqa: A002 - it is one
        """Tell whether it is in a BuildRequest or in a cell, deleted or not."""
        server = self.cloud.servers[id]
        return server.build_request or (
            server.mapping is Mapping.CELL
            and server.record is not Record.NONE
        )

    def survives(self, resources: ty.Sequence[Resource]) -> bool:
        """Tell whether any has its mapping."""
        self._read(patiently=True)
        servers = self.cloud.servers
        return any(
            servers[r.id].mapping is not Mapping.GONE for r in resources
        )

    def withdraw(
        self, transaction: Session, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        """Take back what the conductor has not gone on with."""
        gone = False
        todos = []
        for resource in sorted(resources, key=lambda r: r.id):
            server = self.cloud.servers[resource.id]
            transaction.statement()
            transaction.lock(server)
            if server.build_request:
                todos.append((resource, server.id))
                take = functools.partial(self._take_back, server)
                transaction.transaction.stage(take)
            elif server.mapping is Mapping.UNMAPPED:
                gone = True
            else:
                return Withdrawn(Fate.TAKEN)
        fate = Fate.DELETED if gone else Fate.WITHDRAWN
        return Withdrawn(fate, tuple(todos))

    def undo(self, todo: str) -> None:
        """Undo what Nova's API did before the cast, in the cells, too."""
        self.cloud.pause(0.1)
        outside = self.cloud.outside_down_until > self.cloud.now
        if outside or self.cloud.goes_wrong():
            raise errors.Unavailable
        server = self.cloud.servers[todo]
        if server.record is Record.THERE:
            server.record = Record.DESTROYED

    def _add(self, server: Server) -> None:
        cloud = self.cloud
        cloud.servers[server.id] = server
        cloud.made.setdefault(self.plan.number, []).append(server.id)
        self.note(What.MADE, server.id)

    def _check_group(self) -> None:
        if self.plan.grouped and self.cloud.goes_wrong(2.0):
            raise Failed(403)

    def _clean_up(self, made: ty.Sequence[Server]) -> None:
        """Delete what was made again: _cleanup_build_artifacts."""
        for server in made:
            # Its RequestSpec, its BuildRequest, its mapping.
            spec = Delete(lambda: True, lambda: None)
            self.clean(server, server.id, spec)
            unbuilt = self._unbuilt(server)
            if not self.clean(server, server.id, unbuilt, ends=True):
                # Its user was faster: it is gone all the same.
                self.note(What.CLEANED, server.id)
            self.clean(server, server.id, self._unmapped(server))

    def _unbuilt(self, server: Server) -> Delete:
        def delete() -> None:
            server.build_request = False
            self.note(What.CLEANED, server.id)

        return Delete(lambda: server.build_request, delete)

    def _unmapped(self, server: Server) -> Delete:
        def delete() -> None:
            server.mapping = Mapping.GONE

        return Delete(lambda: server.mapping is not Mapping.GONE, delete)

    def _take_back(self, server: Server) -> None:
        server.build_request = False
        server.withdrawn = True
        self.note(What.WITHDRAWN, server.id)

    def _hand_on(self, made: ty.Sequence[Server]) -> None:
        cloud = self.cloud
        if cloud.broker_down_until > cloud.now:
            cloud.pause(30.0)
            raise Failed(500)
        cloud.hand_on(made, self.request)
        if cloud.goes_wrong(0.3):
            # It was sent, but nobody said so.
            raise Failed(500)
