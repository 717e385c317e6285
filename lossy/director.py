# SPDX-License-Identifier: Apache-2.0
"""Gives each case its luck, kills its client, and writes down what it sent."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import subprocess
import threading
import typing as ty

from lossy.luck import Luck
from testing.trouble import Exchange
from testing.trouble import PASS
from testing.trouble import Trouble
from testing.trouble import Where


@dataclasses.dataclass(frozen=True)
class Seen:
    """A request that came to the gateway.

    :param case: whose it was; empty where it did not say
    :param method: how
    :param path: for what
    :param trouble: what happened to it
    :param run: which run of its client sent it, from 1
    """

    case: str
    method: str
    path: str
    trouble: Trouble
    run: int = 1

    @property
    def is_version(self) -> bool:
        """Tell whether it asks for the API's versions."""
        return self.path.rstrip("/") in ("", "/v2.1")


class Director:
    """Knows the luck of each case, and the process of each client."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.lucks: dict[str, Luck] = {}
        # Whatever happens to all, before luck decides.
        self.weather: ty.Callable[[Exchange], Trouble | None] | None = None
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._names: dict[str, str] = {}
        self._runs: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def watching(
        self, who: str, process: subprocess.Popen[str]
    ) -> ty.Iterator[None]:
        """Kill this process in this block, where a client is to be killed.

        :param who: how the client is known
        :param process: its process
        """
        self._processes[who] = process
        self._runs[who] += 1
        try:
            yield
        finally:
            del self._processes[who]

    def trouble(self, exchange: Exchange) -> Trouble:
        """Return what is to happen to a request.

        :param exchange: the request
        """
        with self._lock:
            case = self._case(exchange)
            found = self.weather(exchange) if self.weather else None
            if found is None:
                found = PASS
                if case in self.lucks:
                    found = self.lucks[case].next(exchange)
            run = self._runs[exchange.who]
            self.seen.append(
                Seen(case, exchange.method, exchange.path, found, run)
            )
            return found

    def kill(self, exchange: Exchange) -> None:
        """Kill the client whose request it is.

        :param exchange: the request
        """
        process = self._processes.get(exchange.who)
        if process is not None:
            process.kill()
            process.wait()

    def of(self, case: str) -> list[Seen]:
        """Return what came of a case.

        :param case: its name
        """
        return [one for one in [*self.seen] if one.case == case]

    def counted(self) -> collections.Counter[str]:
        """Return how often each trouble happened."""
        return collections.Counter(
            str(one.trouble)
            for one in [*self.seen]
            if one.trouble is not PASS
        )

    def _case(self, exchange: Exchange) -> str:
        # A command has one case, and says so. A program has many: its POSTs
        # name them, and then their tokens are known.
        name = exchange.name or self._names.get(exchange.token, "")
        if exchange.token and name:
            self._names[exchange.token] = name
        return exchange.who if exchange.who in self.lucks else name


def may_have_arrived(trouble: Trouble) -> bool:
    """Tell whether the API may have run a request in spite of its trouble.

    :param trouble: what happened to it
    """
    return trouble.where is not Where.BEFORE
