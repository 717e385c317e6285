# SPDX-License-Identifier: Apache-2.0
"""One episode: a world of its own, from a seed to its history."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import random

from simulation import plans
from simulation import purge
from simulation import seams
from simulation import tuning
from simulation.call import Calls
from simulation.clients import Client
from simulation.cloud import Cloud
from simulation.database import Database
from simulation.history import History
from simulation.history import What
from simulation.scheduler import Scheduler
from simulation.troubles import Fleet

_TOKENS = 150


@dataclasses.dataclass(frozen=True)
class Played:
    """An episode that is over.

    :param history: what happened
    :param requests: how many requests a process began to serve
    """

    history: History
    requests: int


class Episode:
    """A world of its own.

    :param seed: all chance comes from it
    :param number: which of the episodes of that seed
    """

    def __init__(self, seed: int, number: int) -> None:
        self._chance = random.Random(f"{seed}/{number}")
        self._scheduler = Scheduler()
        self._database = Database(self._scheduler)
        self._history = History(lambda: self._scheduler.now)
        self._calls: Calls = {}
        self._numbers = itertools.count(1)
        self._cloud = Cloud(
            self._database,
            self._history,
            self._chance,
            tuning.Troubles.of(self._chance),
        )
        self._fleet = Fleet(
            self._cloud,
            self._calls,
            size=self._chance.choice((1, 2, 3, 5)),
            upgrading=self._chance.random() < 0.4,
        )

    def play(self) -> Played:
        """Let it happen, to the end."""
        befall, start = self._fleet.befall, self._fleet.start_thread
        with seams.installed(self._chance, start, befall):
            self._begin()
            self._scheduler.run(until=tuning.END)
            self._fleet.end()
        self._cloud.sweep()
        served = [call for call in self._calls.values() if call.entered]
        return Played(self._history, len(served))

    def _begin(self) -> None:
        scheduler = self._scheduler
        for number in range(_TOKENS):
            begins = self._chance.random() * tuning.BUSY
            scheduler.spawn(functools.partial(self._use, number), after=begins)
        scheduler.spawn(self._fleet.haunt)
        scheduler.spawn(self._purge)

    def _use(self, number: int) -> None:
        """Let clients, and perhaps a user, do what is planned of a token."""
        scheduler = self._scheduler
        plan = plans.plan(number, self._database.now, self._chance)
        self._history.note(
            What.TOKEN,
            number,
            "",
            plan.kind.value,
            plan.count,
            plan.dated,
            self._database.now,
        )
        for own in plan.clients:
            client = Client(self._cloud, self._fleet, plan, own, self._numbers)
            scheduler.spawn(client.run, after=own.begins)
        if plan.deleted_after is not None:
            scheduler.spawn(
                lambda: self._delete(number), after=plan.deleted_after
            )

    def _delete(self, number: int) -> None:
        made = self._cloud.made.get(number)
        if made:
            self._cloud.delete(self._chance.choice(made), number)

    def _purge(self) -> None:
        """Purge what has expired, now and then."""
        while self._scheduler.seconds < tuning.END - purge.EVERY:
            self._scheduler.sleep(purge.EVERY)
            purge.walk(self._cloud)
            purge.strip(self._database)
            purge.purge(self._database, self._history)
