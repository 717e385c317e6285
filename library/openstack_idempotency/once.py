# SPDX-License-Identifier: Apache-2.0
"""What a process has one of."""

from __future__ import annotations

import threading
import typing as ty

_T = ty.TypeVar("_T")


class Once(ty.Generic[_T]):
    """Makes something when it is first asked for, and gives that from then on.

    If several threads ask first, one of them makes it, and the others wait.

    :param make: makes it; what it raises is not kept, but tried again
    """

    def __init__(self, make: ty.Callable[[], _T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[_T] = []

    def __call__(self) -> _T:
        """Return it.

        :raises Exception: what ``make`` raises
        """
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def forget(self) -> None:
        """Let it be made again by whoever asks next; for tests."""
        with self._lock:
            self._made.clear()
