# SPDX-License-Identifier: Apache-2.0
"""Gives back tokens that a request may have claimed, but never ran under.

When the connection breaks while a claim is committed, nobody knows whether
it was: the client is told 503, and the row may be there. This process knows
that the request never ran, so it gives the row back when it can.
"""

from __future__ import annotations

import threading
import time
import typing as ty

from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.engine.ports import TokenStore
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.use import Use

# Seconds between two tries: a client waits for it.
_INTERVAL = 1.0
# How many are remembered; the others' leases run out.
_MOST = 1000


class Returns:
    """Gives claims back as soon as the database is within reach.

    :param store: the table of tokens
    :param sleep: lets time pass between two tries
    """

    def __init__(
        self, store: TokenStore, sleep: ty.Callable[[float], None] = time.sleep
    ) -> None:
        self._store = store
        self._uses: dict[str, Use] = {}
        self._lock = threading.Lock()
        self._thread = Periodic(
            "client-token-returns",
            self.give_back,
            _INTERVAL,
            needed=lambda: bool(self._uses),
            sleep=sleep,
        )

    def add(self, use: Use) -> None:
        """Remember a use of a token whose claim may have been committed.

        :param use: the use; its request never ran
        """
        with self._lock:
            if len(self._uses) < _MOST:
                self._uses[use.owner] = use
        self._thread.ensure()

    def resume(self) -> None:
        """Start the thread, if there is work and it could not be started."""
        if self._uses:
            self._thread.ensure()

    def give_back(self) -> None:
        """Give back all that can be given back now."""
        with self._lock:
            uses = list(self._uses.values())
        for use in uses:
            try:
                self._store.give_back(use)
            except Exception as exc:
                with self._lock:
                    # To the end of the queue: a row that another
                    # transaction has locked must not hold up the others.
                    self._uses[use.owner] = self._uses.pop(use.owner, use)
                if isinstance(exc, errors.Unavailable):
                    return  # the store has logged why
                raise
            with self._lock:
                self._uses.pop(use.owner, None)
