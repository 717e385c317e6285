# SPDX-License-Identifier: Apache-2.0
"""Random trouble for the workers of a fleet, as long as a campaign lasts."""

from __future__ import annotations

from collections.abc import Callable
import random
import signal
import threading
import time

from chaos import configuration
from chaos import databases
from chaos.fleet import Fleet
from chaos.history import History
from chaos.hosts import Worker
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from nova.openstack.common.idempotency.faults import Point

# Seconds between two looks at the workers.
_TICK = 0.1
# How probable trouble is at a tick: about one a second.
_AT_A_TICK = 0.1
# Seconds that a worker is frozen: some are back before their lease is over,
# more of them after a repetition has taken their requests over.
_FREEZE = (0.5, 3.0 * configuration.LEASE)


class Troublemaker:
    """Kills, freezes and cuts off workers by chance, and tends to the victims.

    :param fleet: whose workers
    :param url: the API database
    :param history: gets what happens
    :param deadline: monotonic time from when on there is peace
    """

    def __init__(
        self, fleet: Fleet, url: str, history: History, deadline: float
    ) -> None:
        self._fleet = fleet
        self._url = url
        self._history = history
        self._deadline = deadline
        self._frozen: dict[Worker, float] = {}

    @property
    def peace(self) -> bool:
        """Whether there is no new trouble any more."""
        return time.monotonic() >= self._deadline

    def order(
        self, chance: random.Random, probability: float
    ) -> Order | None:
        """Return trouble at a point for one request, if it shall have any.

        :param chance: decides
        :param probability: how often it shall
        """
        if self.peace or chance.random() > probability:
            return None
        return Order(chance.choice([*Trouble]), chance.choice([*Point]))

    def make(self, chance: random.Random, over: threading.Event) -> None:
        """Make trouble at any moment, and tend to all victims.

        :param chance: decides
        :param over: says when nobody needs to be tended to any more
        """
        kinds: tuple[Callable[[random.Random], None], ...] = (
            self._kill,
            self._freeze,
            self._cut,
        )
        while not over.wait(_TICK):
            self._tend(chance)
            if not self.peace and chance.random() < _AT_A_TICK:
                chance.choice(kinds)(chance)

    def _kill(self, chance: random.Random) -> None:
        # Frozen ones, too: they die with their locks and transactions.
        self._fleet.any(chance).signal(signal.SIGKILL)

    def _freeze(self, chance: random.Random) -> None:
        self._fleet.any(chance).signal(signal.SIGSTOP)

    def _cut(self, _chance: random.Random) -> None:
        databases.cut(self._url)
        self._history.note("cut")

    def _tend(self, chance: random.Random) -> None:
        """Replace the dead, and thaw whoever has been frozen for its time.

        Some of them did it to themselves, by an order of a client.
        """
        now = time.monotonic()
        for worker in self._fleet.workers:
            state = worker.state
            if state == "dead":
                self._history.note("killed", pid=worker.pid)
                self._frozen.pop(worker, None)
                self._fleet.replace(worker)
            elif state == "stopped" and worker not in self._frozen:
                self._history.note("frozen", pid=worker.pid)
                self._frozen[worker] = now + chance.uniform(*_FREEZE)
            elif self.peace or self._frozen.get(worker, now) < now:
                self._frozen.pop(worker, None)
                worker.signal(signal.SIGCONT)
