# SPDX-License-Identifier: Apache-2.0
"""Which retries may wait for a running request: protocol section 3."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
import typing as ty

#: Seconds between two looks of a waiting request: a boot takes some 100 ms, so
#: the wait adds little to that, and ten retries make a hundred cheap reads a
#: second.
LOOK_EVERY: ty.Final = 0.1
# Seconds over which those that are told to come back are counted.
_PERIOD = 1.0
# How many may come back in a second, if they heed Retry-After: the answer of
# each costs as much as a small GET.
_PER_SECOND = 5
_MAX_PAUSE = 30  # seconds; the first request may have ended by then


class WaitingRoom:
    """The places for waiting requests in a process: each occupies a thread.

    :param places: how many may wait at a time
    :param monotonic: elapsed time, in seconds
    """

    def __init__(
        self,
        places: int,
        monotonic: ty.Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = places
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._told: collections.deque[float] = collections.deque()

    def pause(self) -> int:
        """Return the seconds after which one that may not wait comes back.

        The more are sent away, the longer: a crowd of retries must not keep
        a process from answering others (protocol section 3).
        """
        now = self._monotonic()
        with self._lock:
            self._told.append(now)
            while self._told[0] <= now - _PERIOD:
                self._told.popleft()
            told = len(self._told)
        return min(1 + (told - 1) // _PER_SECOND, _MAX_PAUSE)

    def enter(self) -> bool:
        """Take a place; False if all are taken."""
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    def leave(self) -> None:
        """Give a place back that was taken."""
        with self._lock:
            self._free += 1

    @contextlib.contextmanager
    def seat(self, *, wanted: bool) -> ty.Iterator[Seat]:
        """Yield a seat that takes a place when asked to; free it at the end.

        :param wanted: whether its holder may wait at all
        """
        seat = Seat(self, wanted)
        try:
            yield seat
        finally:
            seat.leave()


class Seat:
    """One request's place, which it takes when it first has to wait.

    :param room: where it is
    :param wanted: whether the request may wait at all
    """

    def __init__(self, room: WaitingRoom, wanted: bool) -> None:
        self._room = room
        self._wanted = wanted
        self._taken = False
        #: Whether its holder has waited at all.
        self.used = False

    def take(self) -> bool:
        """Take a place, if one is free; True if the request may wait."""
        if not self._taken:
            self._taken = self._wanted and self._room.enter()
            self.used |= self._taken
        return self._taken

    def leave(self) -> None:
        """Give the place back, if one was taken."""
        if self._taken:
            self._taken = False
            self._room.leave()
