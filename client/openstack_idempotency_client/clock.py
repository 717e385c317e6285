# SPDX-License-Identifier: Apache-2.0
"""The server's clock, as its answers tell it."""

from __future__ import annotations

import time
import typing as ty

from openstack_idempotency_client import outcome


class ServerClock:
    """Tells the server's time; until an answer has told it, the local time.

    A token's age is judged by the server (docs/protocol.md, section 6), so a
    client whose clock is wrong must not date its tokens by it.

    :param local: the local clock, in seconds since the epoch
    """

    def __init__(self, local: ty.Callable[[], float] = time.time) -> None:
        self._local = local
        self._ahead = 0.0

    def heard(self, date: str | None) -> None:
        """Take the time of an answer that has just come.

        :param date: its header Date; what is no date tells nothing
        """
        told = None if date is None else outcome.of_date(date)
        if told is not None:
            self._ahead = told - self._local()

    def now(self) -> float:
        """Return the server's time, in seconds since the epoch."""
        return self._local() + self._ahead
