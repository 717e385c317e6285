# SPDX-License-Identifier: Apache-2.0
"""Small working stand-ins for the ports of the engine."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from tests.unit.library import memory

Store = memory.Store

EPOCH = 1_700_000_000_000


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._elapsed = 0.0
        self._due: list[tuple[float, ty.Callable[[], None]]] = []

    @property
    def milliseconds(self) -> int:
        """The time of day that the database tells."""
        return EPOCH + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        # Another zero than the time of day, as on real machines.
        return 77.0 + self._elapsed

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self._elapsed += seconds
        due = [what for when, what in self._due if when <= self._elapsed]
        self._due = [pair for pair in self._due if pair[0] > self._elapsed]
        for what in due:
            what()

    def after(self, seconds: float, what: ty.Callable[[], None]) -> None:
        """Do something when that much time has passed."""
        self._due.append((self._elapsed + seconds, what))


class Sealer:
    """The port of the same name; anybody can open what it seals.

    :param secret: another one does not open it
    """

    def __init__(self, secret: str = "secret") -> None:
        self.secret = secret

    def seal(self, token: str, context: bytes, data: bytes) -> bytes:
        return self._head(token, context) + data

    def open(self, token: str, context: bytes, sealed: bytes) -> bytes | None:
        head = self._head(token, context)
        return sealed[len(head) :] if sealed.startswith(head) else None

    def _head(self, token: str, context: bytes) -> bytes:
        return repr((self.secret, token, context)).encode() + b"\0"


class Work:
    """The port of the same name.

    :param does: runs the operation, and returns its answer
    :param link: what it is linked to
    :param lasting: whether its token lives as long as what it makes
    """

    def __init__(
        self,
        does: ty.Callable[[], Answer],
        link: str | None = None,
        *,
        lasting: bool = False,
    ) -> None:
        self._does = does
        self._link = link
        self._lasting = lasting
        self.runs = 0
        self.rebuilt: Answer | None = None
        self.asked_to_rebuild: list[tuple[Resource, ...]] = []
        self.left: set[Resource] = set()
        #: What is recorded of a request, by its id.
        self.recorded: dict[str, Started] = {}
        #: Takes resources back; without it the service goes on with them.
        self.takes_back: ty.Callable[[tuple[Resource, ...]], Withdrawn] = (
            lambda resources: Withdrawn(Fate.TAKEN)
        )
        self.undone: list[str] = []
        #: Raised instead of an undoing, one after the other.
        self.undo_fails: list[BaseException] = []

    @property
    def link(self) -> str | None:
        return self._link

    @property
    def lasting(self) -> bool:
        return self._lasting

    def run(self) -> Answer:
        self.runs += 1
        try:
            return self._does()
        except errors.TakenOver:
            # A service makes answers of all errors, of this one, too.
            return Answer(500, (), b"{}")

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        self.asked_to_rebuild.append(tuple(resources))
        return self.rebuilt

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        return bool(self.left.intersection(resources))

    def started(self, request_id: str) -> Started:
        return self.recorded.get(request_id, Started(Evidence.NONE))

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        return self.takes_back(tuple(resources))

    def undo(self, todo: str) -> None:
        if self.undo_fails:
            raise self.undo_fails.pop(0)
        self.undone.append(todo)
