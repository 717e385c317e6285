# SPDX-License-Identifier: Apache-2.0
"""Threads whose time passes when a test says so."""

from __future__ import annotations

import threading
import typing as ty
from unittest import mock

import fixtures
import testtools

SOON = 120  # seconds after which a test gives up; no test waits for them


class Ticks:
    """Sleep that ends when a test says so."""

    def __init__(self) -> None:
        self.intervals: list[float] = []
        self._asleep = threading.Semaphore(0)
        self._wake = threading.Semaphore(0)

    def sleep(self, seconds: float) -> None:
        self.intervals.append(seconds)
        self._asleep.release()
        self._wake.acquire()

    def until_asleep(self) -> None:
        if not self._asleep.acquire(timeout=SOON):
            raise AssertionError("no thread has come to sleep")

    def wake(self) -> None:
        self._wake.release()


class ThreadTestCase(testtools.TestCase):
    """A thread that sleeps by ``self.sleep``, and ends with the test."""

    def setUp(self) -> None:
        super().setUp()
        self.ticks = Ticks()
        self.log = self.useFixture(fixtures.FakeLogger())
        self._before = set(threading.enumerate())
        self.addCleanup(self._end)

    def sleep(self, seconds: float) -> None:
        self.ticks.sleep(seconds)

    def threads(self) -> set[threading.Thread]:
        return set(threading.enumerate()) - self._before

    def beat(self) -> None:
        """Wait until the thread sleeps, and let it go on."""
        self.ticks.until_asleep()
        self.ticks.wake()

    def ended(self) -> None:
        """Wait until the thread has ended."""
        for thread in self.threads():
            thread.join(SOON)
            self.assertFalse(thread.is_alive())

    def no_more_threads(self, times: int = 1) -> ty.Any:
        """Let the system refuse so many threads, as it does at its limit."""
        start = threading.Thread.start
        left = [RuntimeError("can't start new thread")] * times

        def limited(thread: threading.Thread) -> None:
            if left:
                raise left.pop()
            start(thread)

        return mock.patch.object(threading.Thread, "start", limited)

    def _end(self) -> None:
        for thread in self.threads():
            self.ticks.wake()
            thread.join(SOON)
