# SPDX-License-Identifier: Apache-2.0
"""What befalls processes, their threads, and what they depend on."""

from __future__ import annotations

import random
import typing as ty

from openstack_idempotency.engine.points import Point
from simulation import tuning
from simulation.call import Calls
from simulation.cloud import Cloud
from simulation.process import Process
from simulation.scheduler import Host

_STOPS = (0.05, 20.0, 90.0, 200.0, 400.0)
# Points at which a worker has a token's row locked.
_LOCKING = frozenset(
    {
        Point.BEFORE_COMMIT,
        Point.EXTENDING,
        Point.RECOVERING,
        Point.RERUNNING,
        Point.WITHDRAWING,
    }
)
_DOWN = (0.5, 3.0, 20.0, 90.0)


class Fleet:
    """The API processes, in trouble.

    :param cloud: the service's tables
    :param calls: all requests of the episode, by their ids
    :param size: how many processes there are
    :param upgrading: whether they are of an older version at first
    """

    def __init__(
        self, cloud: Cloud, calls: Calls, size: int, upgrading: bool
    ) -> None:
        self._cloud = cloud
        self._calls = calls
        self._scheduler = cloud.scheduler
        self._chance: random.Random = cloud.chance
        self._count = 0
        self._threads = self._chance.choice((1, 2, 4, 4))
        self._by_host: dict[str, Process] = {}
        self.processes = [
            self._process(not upgrading or self._chance.random() < 0.5)
            for _ in range(size)
        ]

    def any(self) -> Process:
        """Return one of the processes, dead or alive."""
        return self._chance.choice(self.processes)

    def here(self) -> Process:
        """Return the process whose turn it is."""
        task = self._scheduler.current
        assert task is not None  # noqa: S101 - somebody asks
        assert task.host is not None  # noqa: S101 - the engine runs in one
        return self._by_host[task.host.name]

    def start_thread(self, body: ty.Callable[[], None]) -> None:
        """Start a thread of the process whose turn it is.

        :param body: what it does
        :raises RuntimeError: there are no more threads
        """
        self.here().start_thread(body)

    def befall(self, point: Point) -> None:
        """Let something happen to a worker at a point, now and then.

        :param point: where it is
        """
        dice = self._chance.random() / self._cloud.troubles.point
        if dice >= 1 or self._scheduler.seconds > tuning.CALM:
            return
        process = self.here()
        if point is Point.CLAIMING and dice < 0.6:
            # So that nobody knows whether it was committed.
            process.line.cut_until = self._scheduler.seconds + 10 * dice
        elif dice < 0.45:
            pause = self._chance.choice((0.05, 0.05, 3.0, 120.0))
            pause *= self._chance.random()
            until = self._scheduler.seconds + pause
            process.state.slowed_until = max(process.state.slowed_until, until)
            if point in _LOCKING:
                # Meanwhile nobody can renew the lease: the row is locked.
                process.state.in_trouble(until)
            self._scheduler.sleep(pause)
        elif dice < 0.65:
            self._stop(process)
            self._scheduler.sleep(0)
        elif dice < 0.83:
            # By another task: one cannot wait for its own end.
            self._scheduler.spawn(lambda: self._kill(process))
            self._scheduler.sleep(1)
        else:
            self._cut(process)

    def haunt(self) -> None:
        """Let one trouble after the other come, until all is calm."""
        troubles: tuple[ty.Callable[[], None], ...] = (
            lambda: self._kill(self.any()),
            lambda: self._stop(self.any()),
            lambda: self._cut(self.any()),
            lambda: self._exhaust(self.any()),
            self._restart_database,
            self._lose_broker,
            self._lose_outside,
        )
        while True:
            every = self._cloud.troubles.every
            self._scheduler.sleep(self._chance.expovariate(1 / every))
            if self._scheduler.seconds > tuning.CALM:
                return
            self._chance.choices(troubles, (4, 4, 3, 4, 2, 1, 1))[0]()

    def end(self) -> None:
        """End what still goes on, so that nothing of it wakes up later."""
        for process in self._by_host.values():
            self._scheduler.kill(process.host)

    def _process(self, links: bool) -> Process:
        self._count += 1
        host = Host(f"api-{self._count}")
        process = Process(host, self._cloud, self._threads, links, self._calls)
        self._by_host[host.name] = process
        return process

    def _kill(self, process: Process) -> None:
        if process.state.dead:
            return
        process.die()
        slot = self.processes.index(process)

        def start() -> None:
            self.processes[slot] = self._process(links=True)

        self._scheduler.spawn(start, after=self._chance.random() * 15)

    def _stop(self, process: Process) -> None:
        seconds = self._chance.random() * self._chance.choice(_STOPS)
        self._scheduler.stop(process.host, seconds)
        process.state.in_trouble(self._scheduler.seconds + seconds)

    def _cut(self, process: Process) -> None:
        seconds = self._chance.random() * self._chance.choice(_DOWN)
        process.line.cut_until = self._scheduler.seconds + seconds
        # The server may notice at once, or when it is too late.
        if self._chance.random() < 0.5:
            self._cloud.database.cut_off(process.host.name)

    def _exhaust(self, process: Process) -> None:
        seconds = self._chance.random() * 200
        process.state.exhausted_until = self._scheduler.seconds + seconds

    def _restart_database(self) -> None:
        seconds = self._chance.random() * self._chance.choice(_DOWN)
        self._cloud.database.restart(seconds)

    def _lose_broker(self) -> None:
        seconds = self._chance.random() * 60
        self._cloud.broker_down_until = self._scheduler.seconds + seconds

    def _lose_outside(self) -> None:
        seconds = self._chance.random() * 60
        self._cloud.outside_down_until = self._scheduler.seconds + seconds
