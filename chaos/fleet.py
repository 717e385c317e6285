# SPDX-License-Identifier: Apache-2.0
"""All API workers of a site, some of them frozen or dead."""

from __future__ import annotations

import random
import threading
import typing as ty

from chaos.hosts import Home
from chaos.hosts import Worker

WORKERS_A_HOST = 2


class Fleet:
    """Workers that clients and troubles choose from, by chance.

    :param hosts: where they run
    """

    def __init__(self, hosts: ty.Sequence[Home]) -> None:
        self._lock = threading.Lock()
        self._workers = [
            host.fork() for host in hosts for _ in range(WORKERS_A_HOST)
        ]

    @property
    def workers(self) -> list[Worker]:
        """All of them."""
        with self._lock:
            return list(self._workers)

    def any(self, chance: random.Random) -> Worker:
        """Return some worker, in whatever state it is.

        :param chance: chooses
        """
        return chance.choice(self.workers)

    def replace(self, worker: Worker) -> None:
        """Start another worker in the place of a dead one.

        :param worker: the dead one
        """
        successor = worker.host.fork()
        with self._lock:
            self._workers[self._workers.index(worker)] = successor
