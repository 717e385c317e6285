# SPDX-License-Identifier: Apache-2.0
"""Outages of what all workers need: the database server, and the broker."""

from __future__ import annotations

import itertools
import random
import time
import typing as ty

from chaos import outages
from chaos.history import History

# Seconds before the first outage, of one, and until the next one.
_FIRST = (2.5, 7.5)
_DOWN = {
    outages.DATABASE: (0.3, 2.5),
    outages.BROKER: (0.5, 5.0),
    # Some are back before the others miss them.
    outages.DEAD_NODE: (0.5, 6.0),
    outages.LONE_NODE: (1.0, 8.0),
}
_BETWEEN = {
    outages.DATABASE: (5.0, 15.0),
    outages.BROKER: (5.0, 15.0),
    # It has taken its time to catch up.
    outages.DEAD_NODE: (2.0, 8.0),
    outages.LONE_NODE: (2.0, 8.0),
}


class Service(ty.Protocol):
    """What all workers need, and what can be out of reach."""

    def fail(self) -> None:
        """Put it out of reach."""

    def recover(self) -> None:
        """Begin to bring it back."""

    def answers(self) -> bool:
        """Tell whether it is back."""


class Weather:
    """Puts one service after the other out of reach, and brings it back.

    :param services: the services, by what they are called
    :param history: gets when each went down and up
    :param clock: in seconds
    """

    def __init__(
        self,
        services: ty.Mapping[str, Service],
        history: History,
        clock: ty.Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._services = services
        self._history = history
        self._names = itertools.cycle(services)
        self._down: str | None = None
        self._until = 0.0
        self._recovering = False

    @property
    def calm(self) -> bool:
        """Whether all is within reach."""
        return self._down is None

    def change(self, chance: random.Random, *, peace: bool) -> None:
        """Do what is due.

        :param chance: decides how long an outage takes, and what follows
        :param peace: whether all is to be brought back
        """
        now = self._clock()
        if self._down is None:
            if not self._until:
                self._until = now + chance.uniform(*_FIRST)
            elif now > self._until and not peace:
                self._begin(chance)
        elif self._recovering:
            if self._services[self._down].answers():
                self._history.note("up", of=self._down)
                self._until = now + chance.uniform(*_BETWEEN[self._down])
                self._down, self._recovering = None, False
        elif peace or now > self._until:
            self._services[self._down].recover()
            self._recovering = True

    def _begin(self, chance: random.Random) -> None:
        self._down = next(self._names)
        self._until = self._clock() + chance.uniform(*_DOWN[self._down])
        self._history.note("down", of=self._down)
        self._services[self._down].fail()
