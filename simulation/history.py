# SPDX-License-Identifier: Apache-2.0
"""What happened: all of it, which nobody in the simulation knows."""

from __future__ import annotations

import enum
import hashlib
import typing as ty

from openstack_idempotency.protocol.use import Use


class What(enum.StrEnum):
    """Something that happened."""

    # Of a token, and of its clients.
    TOKEN = "token"
    BEGAN = "client-began"
    ENDED = "client-ended"
    # Of a request.
    SENT = "sent"
    ANSWERED = "answered"
    TOLD_END = "told-end"
    CRASHED = "crashed"
    LEFT = "left"
    # Of a token's row, when it was committed.
    CLAIMED = "claimed"
    TOOK = "took"
    SETTLED = "settled"
    PURGED = "purged"
    # Of the service.
    RUNS = "runs"
    RAN = "ran"
    NOTED = "noted"
    MADE = "made"
    CLEANED = "cleaned"
    WITHDRAWN = "withdrawn"
    HANDED = "handed"
    BUILT = "built"
    DELETED = "deleted"
    LEFTOVER = "leftover"
    ORPHAN = "orphan"
    # Of a process.
    STARVED = "starved"


class Event(ty.NamedTuple):
    """Something that happened.

    :param at: when, in microseconds of simulated time
    :param what: what
    :param token: the number of the token that it is about
    :param request: the request that did it, "" where none did
    :param says: the details
    """

    at: int
    what: What
    token: int
    request: str
    says: tuple[ty.Any, ...]

    def __str__(self) -> str:
        details = " ".join(map(str, self.says))
        said = f"{self.at / 1e6:.6f} {self.what} {self.token}"
        return f"{said} {self.request} {details}".rstrip()


class History:
    """All events of an episode, in their order.

    :param now: simulated time, in microseconds
    """

    def __init__(self, now: ty.Callable[[], int]) -> None:
        self.events: list[Event] = []
        #: By the owner that a row bears: whose hold that is.
        self.holders: dict[str, tuple[int, str]] = {}
        #: The holds that ended so that the token was free.
        self.freed: set[str] = set()
        #: By the number of a token: where its row is.
        self.places: dict[int, tuple[bytes, str]] = {}
        self._now = now

    def note(
        self, what: What, token: int, request: str = "", *says: ty.Any
    ) -> None:
        """Write down what happened.

        :param what: what
        :param token: the number of the token that it is about
        :param request: the request that did it
        :param says: the details
        """
        self.events.append(Event(self._now(), what, token, request, says))

    def note_of(self, owner: str, what: What, *says: ty.Any) -> None:
        """Write down what the holder of a token did.

        :param owner: the name of its hold
        :param what: what
        :param says: the details
        """
        self.note(what, *self.holders[owner], *says)

    def enter(self, use: Use) -> None:
        """Remember whose use of a token it is.

        :param use: the use; its target ends with the token's number
        """
        number = int(use.scope.target.rpartition("/")[2])
        self.holders[use.owner] = (number, use.request_id)
        self.places[number] = (use.digests[0], use.scope.target)

    def text(self) -> str:
        """Return all of it, a line for each event."""
        return "".join(f"{event}\n" for event in self.events)


def digest(text: str) -> str:
    """Return what tells one history from another.

    :param text: a history
    """
    return hashlib.sha256(text.encode()).hexdigest()
