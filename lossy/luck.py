# SPDX-License-Identifier: Apache-2.0
"""What happens to one client's requests: chance, but the same by its seed."""

from __future__ import annotations

import random
import typing as ty

from testing.trouble import End
from testing.trouble import Exchange
from testing.trouble import PASS
from testing.trouble import Trouble
from testing.trouble import Where

# How probable trouble is: for a POST, for the look-up, for another question.
_OF_POST, _OF_LOOK_UP, _OF_OTHERS = 0.7, 0.25, 0.1
# So often at most, for a client that has to come to an end.
MOST = 5
LOOK_UP = "/os-client-tokens"
_STATUSES = (502, 503, 504)


class Luck(ty.Protocol):
    """Decides on the requests of one case, in their order."""

    def next(self, exchange: Exchange) -> Trouble:
        """Return what happens to the next one.

        :param exchange: the request
        """

    def death(self) -> float | None:
        """Return after how many seconds the next command is killed, if so."""


class ByChance:
    """Any trouble at any request.

    :param seed: decides
    :param kills: how probable it is that trouble kills the client
    """

    def __init__(self, seed: str, kills: float) -> None:
        self._chance = random.Random(seed)
        self._kills = kills
        self._left = self._chance.randint(1, MOST)

    def next(self, exchange: Exchange) -> Trouble:
        """Return what happens to the next request.

        :param exchange: the request
        """
        chance = self._chance
        if not self._left or chance.random() > _probability(exchange):
            return PASS
        self._left -= 1
        if chance.random() < self._kills:
            return chance.choice(killing())
        return chance.choice(troubles(chance.choice(_STATUSES)))

    def death(self) -> float | None:
        """Return after how many seconds the next command is killed, if so."""
        if not self._left or self._chance.random() > self._kills / 2:
            return None
        self._left -= 1
        return self._chance.uniform(0.2, 5.0)


class Once:
    """Trouble at the first POST, of which nobody knows whether it arrived.

    :param seed: decides
    :param kills: how probable it is that it kills the client
    """

    def __init__(self, seed: str, kills: float) -> None:
        chance = random.Random(seed)
        self._trouble = chance.choice(troubles(chance.choice(_STATUSES)))
        if chance.random() < kills:
            self._trouble = chance.choice(killing()[:-1])

    def next(self, exchange: Exchange) -> Trouble:
        """Return what happens to the next request.

        :param exchange: the request
        """
        if exchange.method != "POST":
            return PASS
        mine, self._trouble = self._trouble, PASS
        return mine

    def death(self) -> float | None:
        """Kill none at another time."""
        return None


def troubles(status: int) -> list[Trouble]:
    """Return all that happens to requests.

    :param status: of a gateway's answer
    """
    before, late, after = Where.BEFORE, Where.LATE, Where.AFTER
    running = Where.RUNNING
    return [
        Trouble(before, End.DROPPED),
        Trouble(before, End.RESET),
        Trouble(before, End.BY_GATEWAY, status=status),
        Trouble(late, End.BY_GATEWAY, status=504),
        Trouble(late, End.SILENT),
        Trouble(running, End.DROPPED),
        Trouble(running, End.BY_GATEWAY, status=504),
        Trouble(after, End.DROPPED),
        Trouble(after, End.RESET),
        Trouble(after, End.BY_GATEWAY, status=status),
        Trouble(after, End.SILENT),
        Trouble(Where.NEVER, End.DROPPED, share=0.05),
        Trouble(Where.NEVER, End.RESET, share=0.6),
        Trouble(Where.NEVER, End.DROPPED, share=0.95),
    ]


def killing() -> list[Trouble]:
    """Return all moments in which a client is killed, the last one late."""
    return [
        *(Trouble(where, End.DROPPED, kills=True) for where in Where
          if where is not Where.NEVER),
        Trouble(Where.NEVER, End.WELL, share=0.5, kills=True),
        Trouble(Where.NEVER, End.WELL, kills=True),
    ]  # fmt: skip


def _probability(exchange: Exchange) -> float:
    if exchange.method == "POST":
        return _OF_POST
    return _OF_LOOK_UP if LOOK_UP in exchange.path else _OF_OTHERS
