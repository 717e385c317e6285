# SPDX-License-Identifier: Apache-2.0
"""Users of workers that are in no trouble, who must not notice anything.

They share the databases and the broker with workers that are killed, frozen
and cut off, and no token with anybody.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import time
import typing as ty
import uuid

from chaos import client
from chaos.client import Client
from chaos.client import Operation
from chaos.history import History
from chaos.hosts import Worker

# Seconds; longer than the databases' own waits.
_TIMEOUT = 60.0
# Seconds between two requests of one of them.
_PAUSE = (0.1, 0.6)


@dataclasses.dataclass(frozen=True)
class _Request:
    """What a bystander asks for.

    :param method: how
    :param operation: for what
    :param tokened: whether under a new token
    """

    method: str
    operation: Operation
    tokened: bool = False

    def __str__(self) -> str:
        token = "new" if self.tokened else "no"
        return f"{self.method} {self.operation.kind}, {token} token"

    def send(self, caller: str, port: int) -> tuple[int, str | None]:
        """Send it, and return the answer's status and state.

        :param caller: whose it is
        :param port: of the worker
        """
        mine = Client(caller, self.operation, self.tokened)
        if self.method == "GET":
            return mine.get(port, timeout=_TIMEOUT), None
        answer = mine.post(port, timeout=_TIMEOUT)
        return answer.status, answer.state


_REQUESTS = [
    _Request(method, operation, tokened)
    for operation in (client.SERVER, client.KEYPAIR)
    for method, tokened in (("POST", True), ("POST", False), ("GET", False))
]


class Bystanders:
    """Sends requests, once each, and notes what came of them.

    :param workers: to whom
    :param history: gets what they are answered
    """

    def __init__(self, workers: ty.Sequence[Worker], history: History) -> None:
        self._workers = workers
        self._history = history

    def ask(self, chance: random.Random) -> None:
        """Send one request.

        :param chance: chooses which one, and to whom
        """
        request = chance.choice(_REQUESTS)
        caller = uuid.UUID(int=chance.getrandbits(128)).hex
        port = chance.choice(self._workers).port
        began, started = time.time(), time.monotonic()
        status: int | None = None
        state: str | None = None
        with contextlib.suppress(*client.NO_ANSWER):
            status, state = request.send(caller, port)
        self._history.note(
            "bystander",
            caller=caller,
            asks=str(request),
            casts=request.method == "POST"
            and request.operation is client.SERVER,
            status=status,
            state=state,
            began=began,
            seconds=time.monotonic() - started,
        )
        time.sleep(chance.uniform(*_PAUSE))
