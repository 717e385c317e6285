# SPDX-License-Identifier: Apache-2.0
"""Simulated time, and the tasks that take turns in it.

One task runs at a time, until it gives way; the others cannot tell that from
threads of which each is slow. Nothing here depends on the machine: the order
of turns comes from the times, and among equal ones from who asked first.
"""

from __future__ import annotations

import dataclasses
import heapq
import typing as ty

import greenlet  # type: ignore[import-untyped]

_MICROSECONDS = 1_000_000


class Killed(BaseException):
    """The process of a task is dead: nothing of it goes on."""


@dataclasses.dataclass(eq=False)
class Host:
    """A process whose tasks stop, go on and die together.

    :param name: what it is called
    :param stopped_until: simulated time until which none of its tasks runs,
        in microseconds
    :param dead: whether it was killed
    :param tasks: those of its tasks that have not ended, in their order
    """

    name: str
    stopped_until: int = 0
    dead: bool = False
    tasks: dict[Task, None] = dataclasses.field(default_factory=dict)


class Task:
    """Something that goes on in simulated time.

    :param body: what it does
    :param host: the process that it is part of, if any
    """

    __slots__ = ("_body", "coroutine", "done", "host", "turn", "woken")

    def __init__(self, body: ty.Callable[[], None], host: Host | None) -> None:
        self._body = body
        self.host = host
        self.turn = 0  # a turn that was planned before the last one is void
        self.woken = False
        self.done = False
        self.coroutine = greenlet.greenlet(self._run)

    def _run(self) -> None:
        try:
            self._body()
        except Killed:
            if self.host is None or not self.host.dead:
                raise
        finally:
            self.done = True
            if self.host is not None:
                self.host.tasks.pop(self, None)


class Scheduler:
    """Gives tasks their turns, in the order of simulated time."""

    def __init__(self) -> None:
        self.now = 0  # microseconds
        self.current: Task | None = None
        self._turns: list[tuple[int, int, Task, int]] = []
        self._count = 0
        self._hub: ty.Any = None

    @property
    def seconds(self) -> float:
        """Simulated time since the beginning, in seconds."""
        return self.now / _MICROSECONDS

    def spawn(
        self,
        body: ty.Callable[[], None],
        host: Host | None = None,
        after: float = 0.0,
    ) -> Task:
        """Begin a task.

        :param body: what it does
        :param host: the process that it is part of, if any
        :param after: seconds until it begins
        """
        task = Task(body, host)
        if host is not None:
            host.tasks[task] = None
        self._plan(task, after)
        return task

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current task.

        :param seconds: how much
        """
        task = self._running()
        self._plan(task, seconds)
        self._hub.switch()

    def wait(self, timeout: float) -> bool:
        """Let the current task wait until it is woken.

        :param timeout: seconds after which it goes on all the same
        :returns: whether it was woken
        """
        task = self._running()
        task.woken = False
        self._plan(task, timeout)
        self._hub.switch()
        return task.woken

    def wake(self, task: Task) -> None:
        """Let a task go on that waits.

        :param task: the task; it must be waiting, or have ended
        """
        if not task.done:
            task.woken = True
            self._plan(task, 0)

    def stop(self, host: Host, seconds: float) -> None:
        """Let no task of a process run for some time.

        :param host: the process
        :param seconds: for how long
        """
        until = self.now + int(seconds * _MICROSECONDS)
        host.stopped_until = max(host.stopped_until, until)

    def kill(self, host: Host) -> None:
        """End all tasks of a process where they are.

        :param host: the process; the current task must not be of it
        """
        host.dead = True
        caller = self.current
        for task in list(host.tasks):
            task.turn += 1
            self.current = task
            # It comes back here when it has ended, and it ends at once: a
            # dead process can neither wait nor reach the database.
            if task.coroutine:
                task.coroutine.parent = greenlet.getcurrent()
                task.coroutine.throw(Killed)
            task.done = True
        self.current = caller
        host.tasks.clear()

    def run(self, until: float) -> None:
        """Give turns until nobody waits for one.

        :param until: seconds; simulated time that is not passed
        """
        limit = int(until * _MICROSECONDS)
        self._hub = greenlet.getcurrent()
        turns = self._turns
        while turns and turns[0][0] <= limit:
            at, _, task, turn = heapq.heappop(turns)
            if task.turn != turn or task.done:
                continue
            host = task.host
            if host is not None and host.stopped_until > at:
                self._count += 1
                late = (host.stopped_until, self._count, task, turn)
                heapq.heappush(turns, late)
                continue
            self.now = at
            self.current = task
            task.coroutine.parent = self._hub
            task.coroutine.switch()
        self.current = None

    def _running(self) -> Task:
        task = self.current
        assert task is not None  # noqa: S101 - only tasks wait
        if task.host is not None and task.host.dead:
            raise Killed
        return task

    def _plan(self, task: Task, after: float) -> None:
        task.turn += 1
        self._count += 1
        at = self.now + int(after * _MICROSECONDS)
        heapq.heappush(self._turns, (at, self._count, task, task.turn))
