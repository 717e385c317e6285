# SPDX-License-Identifier: Apache-2.0
"""Writes down what a process has counted: once a minute, and at its end."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine.counters import Counters
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.engine.counters import Tally
from openstack_idempotency.engine.periodic import Periodic

_INTERVAL = 60.0  # seconds


class CounterTable(ty.Protocol):
    """The table of counters."""

    def add(self, tally: Tally) -> Tally:
        """Add numbers to those of this host; return what is still to add."""


class Counting:
    """Adds the numbers of a process to those of its host.

    :param counters: the process's
    :param table: the host's
    """

    def __init__(self, counters: Counters, table: CounterTable) -> None:
        self._counters = counters
        self._table = table
        self._thread = Periodic(
            "client-token-counters",
            self.write,
            _INTERVAL,
            needed=lambda: counters.waiting,
            at_exit=True,
        )

    def ensure(self) -> None:
        """Start the thread, if there is anything to write."""
        if self._counters.waiting:
            self._thread.ensure()

    def count(self, operation: str, event: Event, number: int = 1) -> None:
        """Count what no request did, and see that it is written down.

        :param operation: the operation's name; empty for what has none
        :param event: what happened
        :param number: how often
        """
        self._counters.count(operation, event, number)
        self.ensure()

    def write(self) -> None:
        """Add what was counted; what cannot be added is kept for later."""
        tally = self._counters.take()
        left = tally
        try:
            left = self._table.add(tally)
        finally:
            self._counters.give_back(left)
