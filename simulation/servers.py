# SPDX-License-Identifier: Apache-2.0
"""Makes servers, as ``nova.compute.api`` does, and takes them back."""

from __future__ import annotations

import functools
import typing as ty

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from simulation.cloud import Mapping
from simulation.cloud import Record
from simulation.cloud import Server
from simulation.history import What
from simulation.line import Session
from simulation.linked import Delete
from simulation.linked import Linked
from simulation.work import Failed


class Servers(Linked):
    """Makes servers, each in a transaction, and hands them on."""

    KIND = "server"

    @property
    def lasting(self) -> bool:
        """Whether its token lives as long as what it makes."""
        return True

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

    def found(self, id: str) -> bool:
        """Tell whether it is in a BuildRequest, or was ever in a cell."""
        server = self.cloud.servers[id]
        return server.build_request or (
            server.mapping is Mapping.CELL and server.record is not Record.NONE
        )

    def survives(
        self, transaction: Session, resources: ty.Sequence[Resource]
    ) -> bool:
        """Tell whether any has its mapping."""
        transaction.statement()
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
            self.clean(server, server.id, self._unmapped(server), ends=True)

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
