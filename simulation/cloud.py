# SPDX-License-Identifier: Apache-2.0
"""The simulated service's own tables, and what its other processes do.

A server is a BuildRequest and a mapping, from the commit in the API until
the conductor has gone on with it; see ``nova.conductor.manager``.
"""

from __future__ import annotations

import dataclasses
import enum
import random
import typing as ty

from openstack_idempotency.protocol.evidence import Evidence
from simulation import tuning
from simulation.database import Broken
from simulation.database import Database
from simulation.database import Lockable
from simulation.database import LockTimeout
from simulation.history import History
from simulation.history import What
from simulation.line import Line
from simulation.line import Session
from simulation.scheduler import Host


class Mapping(enum.Enum):
    """Where the API looks for a server."""

    UNMAPPED = "in its BuildRequest"
    CELL = "in a cell"
    GONE = "nowhere"


class Record(enum.Enum):
    """A server's record in a cell."""

    NONE = "it never had one"
    THERE = "there"
    DESTROYED = "destroyed"


class Server(Lockable):
    """A server, as the service's tables have it.

    :param id: its id
    :param token: the number of the token that made it, for the history
    """

    __slots__ = (
        "build_request",
        "deleted",
        "handed",
        "id",
        "mapping",
        "record",
        "token",
        "withdrawn",
    )

    def __init__(self, id: str, token: int) -> None:
        super().__init__()
        self.id = id
        self.token = token
        self.build_request = True
        self.mapping = Mapping.UNMAPPED
        self.record = Record.NONE
        self.withdrawn = False
        self.handed = False
        self.deleted = False

    @property
    def lives(self) -> bool:
        """Whether its mapping says that it is there: kinds.SERVER's gone."""
        gone = self.deleted or self.withdrawn
        return not gone and self.mapping is not Mapping.GONE


@dataclasses.dataclass
class Trace:
    """What the service recorded of an operation that is not linked.

    :param evidence: what it tells
    """

    evidence: Evidence


class Cloud:
    """The service's tables, and those who change them besides the API.

    :param database: where the tables are
    :param history: what happened
    :param chance: the dice
    :param troubles: how often what goes wrong
    """

    def __init__(
        self,
        database: Database,
        history: History,
        chance: random.Random,
        troubles: tuning.Troubles,
    ) -> None:
        self.database = database
        self.scheduler = database.scheduler
        self.history = history
        self.chance = chance
        self.troubles = troubles
        self.servers: dict[str, Server] = {}
        self.things: dict[str, int] = {}
        self.traces: dict[str, Trace] = {}
        #: By token: what was made under it, for users to delete.
        self.made: dict[int, list[str]] = {}
        #: Until when messages cannot be sent, in simulated seconds.
        self.broker_down_until = 0.0
        #: Until when what is outside cannot be reached (Cinder, placement).
        self.outside_down_until = 0.0
        calm = dataclasses.replace(troubles, line=0.0, deadlock=0.0)
        self._host = Host("conductor")
        self._line = Line(database, self._host, chance, calm)

    @property
    def now(self) -> float:
        """Simulated time, in seconds."""
        return self.scheduler.seconds

    def pause(self, seconds: float = 0.02) -> None:
        """Let some time pass for the current task.

        :param seconds: at most so much
        """
        self.scheduler.sleep(self.chance.random() * seconds)

    def goes_wrong(self, share: float = 1.0) -> bool:
        """Tell whether the service refuses, or fails, at a place.

        :param share: of the chance that this episode has
        """
        return self.chance.random() < self.troubles.refused * share

    def hand_on(self, servers: ty.Sequence[Server], request: str) -> None:
        """Send the message that asks the conductor to build servers.

        :param servers: the servers
        :param request: whose they are
        """
        for server in servers:
            server.handed = True
            self.history.note(What.HANDED, server.token, request, server.id)
        delay = self.chance.choice((0.01, 0.5, 5.0, 90.0))
        self.scheduler.spawn(
            lambda: self._build(servers),
            self._host,
            after=self.chance.random() * delay,
        )

    def delete(self, id: str, token: int) -> None:
        """Delete what a token made, as a user does.

        :param id: what
        :param token: the number of the token
        """
        if self.things.pop(id, None) is not None:
            self.history.note(What.DELETED, token, "", id)
            return
        server = self.servers.get(id)
        if server is None:
            return

        def delete(session: Session) -> None:
            session.lock(server)
            if server.build_request:
                server.build_request = False
            elif server.record is Record.THERE:
                server.record = Record.DESTROYED
            else:
                return
            server.deleted = True
            self.history.note(What.DELETED, server.token, "", server.id)

        self._until_done(delete)

    def sweep(self) -> None:
        """Remove what became of withdrawn servers in a cell."""
        for server in self.servers.values():
            if server.build_request and not server.handed:
                self.history.note(What.ORPHAN, server.token, "", server.id)
            if not server.withdrawn or server.record is not Record.THERE:
                continue
            if server.mapping is Mapping.CELL:
                server.record = Record.DESTROYED
            else:
                self.history.note(What.LEFTOVER, server.token, "", server.id)

    def _build(self, servers: ty.Sequence[Server]) -> None:
        """Do what the conductor does: schedule_and_build_instances."""
        self.pause(self.chance.choice((0.1, 2.0, 80.0)))
        if self.goes_wrong(0.3):
            self._bury(servers, heedful=True)
            return
        there = []
        for server in servers:
            if self._reads_build_request(server):
                server.record = Record.THERE
                there.append(server)
            else:
                server.mapping = Mapping.GONE
            self.pause(self.chance.choice((0.05, 0.05, 20.0)))
        if self.goes_wrong(0.3):
            # Its check of the quota failed: it does not heed the missing row.
            self._bury(there, heedful=False)
            return
        for server in there:
            self.pause(self.chance.choice((0.05, 0.05, 20.0)))
            server.mapping = Mapping.CELL
            self.pause(self.chance.choice((0.05, 0.05, 20.0)))
            if self._deletes_build_request(server):
                self.history.note(What.BUILT, server.token, "", server.id)
            else:
                server.record = Record.DESTROYED

    def _bury(self, servers: ty.Sequence[Server], *, heedful: bool) -> None:
        """Keep servers as failed ones: _bury_in_cell0, and its like."""
        for server in servers:
            server.record = Record.THERE
            self.pause()
            server.mapping = Mapping.CELL
            self.pause()
            if not self._deletes_build_request(server) and heedful:
                server.record = Record.DESTROYED
            else:
                self.history.note(What.BUILT, server.token, "", server.id)

    def _reads_build_request(self, server: Server) -> bool:
        return self._until_done(lambda session: server.build_request)

    def _deletes_build_request(self, server: Server) -> bool:
        stops = self.chance.random() < 0.02

        def delete(session: Session) -> bool:
            session.lock(server)
            if not server.build_request:
                return False
            if stops:
                # Stopped with the lock in its hands.
                self.pause(60.0)
                session.statement()

            def change() -> None:
                server.build_request = False

            session.transaction.stage(change)
            return True

        return self._until_done(delete)

    def _until_done(self, body: ty.Callable[[Session], ty.Any]) -> bool:
        while True:
            try:
                return bool(self._line.service(body))
            except (Broken, LockTimeout):
                self.pause(1.0)
