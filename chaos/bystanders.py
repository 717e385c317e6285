# SPDX-License-Identifier: Apache-2.0
"""Users of workers that are in no trouble, who have to notice nothing.

They share the databases and the broker with workers that are killed, frozen
and cut off, and no token with anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import random
import time
import uuid

from chaos import client
from chaos.client import Client
from chaos.history import History
from chaos.hosts import Worker

_TIMEOUT = 60.0
# Seconds between two requests of one of them.
_PAUSE = (0.1, 0.6)


class Bystanders:
    """Sends requests, once each, and notes what came of them.

    :param workers: to whom
    :param history: gets what they are answered
    """

    def __init__(self, workers: Sequence[Worker], history: History) -> None:
        self._workers = workers
        self._history = history
        self._requests: dict[str, Callable[[str, int], int]] = {
            "a boot with a new token": _with_token(client.SERVER),
            "a keypair with a new token": _with_token(client.KEYPAIR),
            "a boot without a token": _without(client.SERVER),
            "a keypair without a token": _without(client.KEYPAIR),
            "a list of servers": _listed(client.SERVER),
            "a list of keypairs": _listed(client.KEYPAIR),
        }

    def ask(self, chance: random.Random) -> None:
        """Send one request.

        :param chance: chooses which one, and to whom
        """
        asks = chance.choice([*self._requests])
        caller = uuid.UUID(int=chance.getrandbits(128)).hex
        port = chance.choice(self._workers).port
        began, started = time.time(), time.monotonic()
        try:
            status: int | None = self._requests[asks](caller, port)
        except client.NO_ANSWER:
            status = None
        self._history.note(
            "bystander",
            caller=caller,
            asks=asks,
            status=status,
            began=began,
            seconds=time.monotonic() - started,
        )
        time.sleep(chance.uniform(*_PAUSE))


def _with_token(operation: client.Operation) -> Callable[[str, int], int]:
    def post(caller: str, port: int) -> int:
        return Client(caller, operation).post(port, timeout=_TIMEOUT).status

    return post


def _without(operation: client.Operation) -> Callable[[str, int], int]:
    def post(caller: str, port: int) -> int:
        mine = Client(caller, operation, tokened=False)
        return mine.post(port, timeout=_TIMEOUT).status

    return post


def _listed(operation: client.Operation) -> Callable[[str, int], int]:
    def get(caller: str, port: int) -> int:
        return Client(caller, operation).get(port, timeout=_TIMEOUT)

    return get
