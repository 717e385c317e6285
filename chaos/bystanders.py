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
from chaos.subject import Grants

# Seconds; longer than the databases' own waits.
_TIMEOUT = 60.0
# Seconds between two requests of one of them.
_PAUSE = (0.1, 0.6)
# A method, and whether under a new token.
_WAYS = (("POST", True), ("POST", False), ("GET", False))


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

    def send(self, mine: Client, port: int) -> tuple[int, str | None]:
        """Send it, and return the answer's status and state.

        :param mine: whose it is
        :param port: of the worker
        """
        if self.method == "GET":
            return mine.get(port, timeout=_TIMEOUT), None
        answer = mine.post(port, timeout=_TIMEOUT)
        return answer.status, answer.state


class Bystanders:
    """Sends requests, once each, and notes what came of them.

    :param operations: for what
    :param workers: to whom
    :param grants: gives the callers what they need
    :param history: gets what they are answered
    """

    def __init__(
        self,
        operations: ty.Iterable[Operation],
        workers: ty.Sequence[Worker],
        grants: Grants,
        history: History,
    ) -> None:
        self._requests = [
            _Request(method, operation, tokened)
            for operation in operations
            for method, tokened in _WAYS
        ]
        self._workers = workers
        self._grants = grants
        self._history = history

    def ask(self, chance: random.Random) -> None:
        """Send one request.

        :param chance: chooses which one, and to whom
        """
        request = chance.choice(self._requests)
        caller = uuid.UUID(int=chance.getrandbits(128)).hex
        mine = self._grants.give(
            Client(caller, request.operation, request.tokened)
        )
        port = chance.choice(self._workers).port
        began, started = time.time(), time.monotonic()
        status: int | None = None
        state: str | None = None
        with contextlib.suppress(*client.NO_ANSWER):
            status, state = request.send(mine, port)
        self._history.note(
            "bystander",
            caller=mine.caller,
            asks=str(request),
            casts=request.method == "POST"
            and request.operation is client.SERVER,
            status=status,
            state=state,
            began=began,
            seconds=time.monotonic() - started,
        )
        time.sleep(chance.uniform(*_PAUSE))
