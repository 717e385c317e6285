# SPDX-License-Identifier: Apache-2.0
"""Who may wait for a request that runs elsewhere: protocol section 3."""

from __future__ import annotations

import contextlib
import threading
import typing as ty

#: Seconds between two looks of a waiting request: a boot takes some 100 ms, so
#: the wait adds little to that, and ten retries make a hundred cheap reads a
#: second.
LOOK_EVERY: ty.Final = 0.1


class WaitingRoom:
    """The places for waiting requests in a process: each occupies a thread.

    :param places: how many may wait at a time
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = threading.Lock()

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
