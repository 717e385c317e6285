# SPDX-License-Identifier: Apache-2.0
"""Random trouble for the workers of a fleet, as long as a campaign lasts."""

from __future__ import annotations

import random
import signal
import threading
import time
import typing as ty

from chaos import configuration
from chaos import databases
from chaos.fleet import Fleet
from chaos.history import History
from chaos.hosts import Worker
from chaos.sabotage import Commit
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from chaos.weather import Weather
from openstack_idempotency.engine.points import Point

# Seconds between two looks at the workers.
_TICK = 0.1
# How probable trouble is at a tick: about one in two seconds.
_AT_A_TICK = 0.05
# Seconds that a worker is frozen: some are back before their lease is over,
# more of them after a retry has taken their requests over.
_FREEZE = (0.5, 3.0 * configuration.LEASE)
# Cuts are rarer: they end what a whole host does, its frozen worker's too.
_TROUBLES = (*[Trouble.KILL] * 2, *[Trouble.FREEZE] * 3, Trouble.CUT)
# The ends of our transactions of one request, as likely as all points: its
# claim, what it makes, and how it is settled. One that is refused only frees
# its token again.
_COMMITS = (1, 1, 2, 2, 2, 3, 3, 4)
_COMMITS_OF_REFUSALS = (1, 2, 2)
# Some for so long that whoever waits for them cannot overlook it.
_LONG = 0.15
_LONG_FREEZE = (10.0, 13.0)


class Troublemaker:
    """Kills, freezes and cuts off workers by chance, and tends to the victims.

    :param fleet: whose workers
    :param weather: what all of them are exposed to
    :param urls: the API database, as their hosts connect to it
    :param history: gets what happens
    :param deadline: monotonic time from when on there is peace
    """

    def __init__(
        self,
        fleet: Fleet,
        weather: Weather,
        urls: ty.Sequence[str],
        history: History,
        deadline: float,
    ) -> None:
        self._fleet = fleet
        self._weather = weather
        self._urls = urls
        self._history = history
        self._deadline = deadline
        self._frozen: dict[Worker, float] = {}
        #: Set when nobody is tended to any more, or need be.
        self.over = threading.Event()

    @property
    def peace(self) -> bool:
        """Whether there is no new trouble any more."""
        return time.monotonic() >= self._deadline

    def order(
        self,
        chance: random.Random,
        probability: float,
        *,
        refused: bool = False,
    ) -> Order | None:
        """Return trouble at a point for one request, if it shall have any.

        :param chance: decides
        :param probability: how often it shall
        :param refused: whether the request is going to be refused
        """
        if self.peace or chance.random() > probability:
            return None
        commits = _COMMITS_OF_REFUSALS if refused else _COMMITS
        point: Point | Commit = chance.choice([*Point])
        if chance.random() < 0.5:
            point = Commit(chance.choice(commits))
        return Order(chance.choice(_TROUBLES), point)

    def make(self, chance: random.Random) -> None:
        """Make trouble at any moment, and tend to all victims, until over.

        :param chance: decides
        """
        kinds: tuple[ty.Callable[[random.Random], None], ...] = (
            *[self._kill] * 2,
            *[self._freeze] * 2,
            self._cut,
        )
        while not self.over.wait(_TICK):
            self._tend(chance)
            self._weather.change(chance, peace=self.peace)
            if not self.peace and chance.random() < _AT_A_TICK:
                chance.choice(kinds)(chance)

    def _kill(self, chance: random.Random) -> None:
        # Frozen ones, too: they die with their locks and transactions.
        self._fleet.any(chance).signal(signal.SIGKILL)

    def _freeze(self, chance: random.Random) -> None:
        self._fleet.any(chance).signal(signal.SIGSTOP)

    def _cut(self, chance: random.Random) -> None:
        databases.cut(chance.choice(self._urls))
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
                long = chance.random() < _LONG
                span = _LONG_FREEZE if long else _FREEZE
                self._frozen[worker] = now + chance.uniform(*span)
            elif self.peace or self._frozen.get(worker, now) < now:
                self._frozen.pop(worker, None)
                worker.signal(signal.SIGCONT)
