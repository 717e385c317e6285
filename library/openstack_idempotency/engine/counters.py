# SPDX-License-Identifier: Apache-2.0
"""Counts what comes of requests with tokens, in this process."""

from __future__ import annotations

import collections
import enum
import threading
import typing as ty

from openstack_idempotency.protocol.answer import Verdict

#: How often each of these came, by operation and state.
Tally = dict[tuple[str, str], int]


class Event(enum.Enum):
    """What is counted besides the states of answers."""

    RETRIED = "retried"  # a request that says that it is not the first try
    WAITED = "waited"  # a request waited for another one
    TOOK_OVER = "took-over"  # a retry took the token of a worker that is gone
    WITHDRAWN = "withdrawn"  # a resource that nobody was asked to build
    PURGED = "purged"  # an expired token's row


# What somebody asked for twice, and got once.
_PREVENTED: ty.Final = (Verdict.REPLAYED, Verdict.RUNNING, Verdict.TAKEN_OVER)
_REFUSED: ty.Final = (
    Verdict.UNAVAILABLE,
    Verdict.TOO_MANY,
    Verdict.DIFFERENT,
    Verdict.EXPIRED,
    Verdict.FORBIDDEN,
    Verdict.INVALID,
)


class Counters:
    """Numbers that only grow, until somebody takes them away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tally: collections.Counter[tuple[str, str]] = (
            collections.Counter()
        )

    def count(
        self, operation: str, state: Verdict | Event, number: int = 1
    ) -> None:
        """Count something.

        :param operation: the operation's name, one of a bounded set
        :param state: what came of it
        :param number: how often
        """
        with self._lock:
            self._tally[operation, state.value] += number

    def take(self) -> Tally:
        """Return what was counted since the last time, and start at zero."""
        with self._lock:
            tally, self._tally = self._tally, collections.Counter()
        return dict(tally)

    def give_back(self, tally: Tally) -> None:
        """Count what could not be written down; the next one takes it again.

        :param tally: what :meth:`take` returned, or a part of it
        """
        with self._lock:
            self._tally.update(tally)

    @property
    def waiting(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._tally)


def prevented(tally: ty.Mapping[str, int]) -> int:
    """Return how many duplicates were prevented.

    :param tally: the numbers, by state
    """
    return _sum(tally, _PREVENTED)


def refused(tally: ty.Mapping[str, int]) -> int:
    """Return how many requests the protocol refused: nothing ran.

    :param tally: the numbers, by state
    """
    return _sum(tally, _REFUSED)


def _sum(tally: ty.Mapping[str, int], states: ty.Iterable[Verdict]) -> int:
    return sum(tally.get(state.value, 0) for state in states)
