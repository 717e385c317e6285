# SPDX-License-Identifier: Apache-2.0
"""Work that a process does at intervals, on a thread of its own."""

from __future__ import annotations

import atexit
import os
import random
import threading
import time
import typing as ty

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class Periodic:
    """A thread that starts when it is first needed, in each process.

    Threads do not survive a fork, and API servers fork after loading. A
    thread that cannot be started now is started by the next request.

    :param name: the thread's name
    :param work: what it does
    :param needed: whether there is anything to do; if not, the thread ends
    :param interval: seconds between two rounds
    :param jitter: by which part of it an interval may be shorter or longer
    :param sleep: lets that time pass; tests pass one of their own
    :param at_exit: whether the work is done a last time when the process
        ends by itself, if the thread runs then
    """

    def __init__(
        self,
        name: str,
        work: ty.Callable[[], None],
        interval: float,
        *,
        jitter: float = 0.0,
        needed: ty.Callable[[], bool] = lambda: True,
        sleep: ty.Callable[[float], None] = time.sleep,
        at_exit: bool = False,
    ) -> None:
        self._name = name
        self._work = work
        self._needed = needed
        self._interval = interval
        self._jitter = jitter
        self._sleep = sleep
        self._lock = threading.Lock()
        # The process in which the thread runs, None while it does not.
        self._pid: int | None = None
        if at_exit:
            # A forked process inherits it, and has its own thread by then.
            atexit.register(self.last)

    def last(self) -> None:
        """Do the work, if the thread of this process would have."""
        if self._pid == os.getpid():
            self.once()

    def ensure(self) -> None:
        """Start the thread, if it does not run in this process."""
        with self._lock:
            if self._pid == os.getpid():
                return
            thread = threading.Thread(
                target=self._run, name=self._name, daemon=True
            )
            try:
                thread.start()
            except RuntimeError as exc:
                # The system is out of threads for now.
                LOG.warning(
                    "Thread %s cannot be started (%s); the next request "
                    "will try again.",
                    self._name,
                    exc,
                )
                return
            self._pid = os.getpid()

    def once(self) -> bool:
        """Do the work once; whatever fails, the next round tries again.

        :returns: False when there is nothing to do, and the thread ends
        """
        try:
            self._work()
        except Exception as exc:
            # Of any kind: without this thread nobody does this work. Only
            # the kind of error is logged: its text may hold values.
            LOG.warning(
                "%s failed (%s); will try again.",
                self._name,
                type(exc).__name__,
            )
        with self._lock:
            # A user of the thread adds its work first, and then calls ensure.
            if self._needed():
                return True
            self._pid = None
            return False

    def _about_one(self) -> float:
        if not self._jitter:
            return 1.0
        return random.uniform(1 - self._jitter, 1 + self._jitter)  # noqa: S311 - no secret

    def _run(self) -> None:
        try:
            while True:
                self._sleep(self._interval * self._about_one())
                if not self.once():
                    return
        except BaseException:
            # Whoever needs it next starts another one.
            with self._lock:
                self._pid = None
            raise
