# SPDX-License-Identifier: Apache-2.0
"""Leases: protocol section 6."""

from __future__ import annotations

import os
import threading
import typing as ty

import fixtures
import testtools

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency.heartbeat import Heartbeat
from nova.openstack.common.idempotency.record import Claim

_SOON = 10  # seconds after which a test gives up; no test waits for them


class _Ticks:
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
        if not self._asleep.acquire(timeout=_SOON):
            raise AssertionError("no heartbeat")

    def wake(self) -> None:
        self._wake.release()


class _Leases:
    """A store that notes which leases it is to renew."""

    def __init__(self) -> None:
        self.renewed: list[set[str]] = []
        self.fails: list[Exception] = []

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.renewed.append({claim.owner for claim in claims})


def _claim(owner: str) -> Claim:
    return Claim(1, b"d", owner, claimed_at=0, started=0.0)


class HeartbeatTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.leases = _Leases()
        self.ticks = _Ticks()
        self.heartbeat = Heartbeat(
            ty.cast(ty.Any, self.leases),
            20.0,
            self._sleep,
        )
        self.log = self.useFixture(fixtures.FakeLogger())
        self.before = set(threading.enumerate())
        self.addCleanup(self._end)

    def _sleep(self, seconds: float) -> None:
        self.ticks.sleep(seconds)

    def _threads(self) -> set[threading.Thread]:
        return set(threading.enumerate()) - self.before

    def _end(self) -> None:
        for thread in self._threads():
            self.ticks.wake()
            thread.join(_SOON)

    def _beat(self) -> None:
        self.ticks.until_asleep()
        self.ticks.wake()

    def test_a_running_request_has_its_lease_renewed(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            self._beat()
            self._beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}, {"a"}], self.leases.renewed)
        self.assertEqual({20.0}, set(self.ticks.intervals))

    def test_one_thread_and_one_statement_serve_all_requests(self) -> None:
        with (
            self.heartbeat.keep(_claim("a")),
            self.heartbeat.keep(_claim("b")),
            self.heartbeat.keep(_claim("c")),
        ):
            self.assertEqual(1, len(self._threads()))
            self._beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a", "b", "c"}], self.leases.renewed)

    def test_an_ended_request_is_not_renewed(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            with self.heartbeat.keep(_claim("b")):
                pass
            self._beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}], self.leases.renewed)

    def test_a_failed_request_is_not_renewed(self) -> None:
        def fail() -> None:
            with self.heartbeat.keep(_claim("a")):
                raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, fail)
        self.assertFalse(self.heartbeat.beat())
        self.assertEqual([], self.leases.renewed)

    def test_the_thread_ends_when_nothing_runs_and_starts_again(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            self.ticks.until_asleep()
        (first,) = self._threads()
        self.ticks.wake()
        first.join(_SOON)
        self.assertFalse(first.is_alive())
        with self.heartbeat.keep(_claim("b")):
            self._beat()
            self.ticks.until_asleep()
        self.assertEqual([{"b"}], self.leases.renewed)

    def test_it_does_not_keep_a_process_alive(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            (thread,) = self._threads()
            self.assertTrue(thread.daemon)
            self.ticks.until_asleep()

    def test_a_failure_is_told_and_the_next_beat_tries_again(self) -> None:
        self.leases.fails = [errors.Unavailable()]
        with self.heartbeat.keep(_claim("a")):
            self._beat()
            self._beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}], self.leases.renewed)
        self.assertIn("leases of 1 running requests", self.log.output)

    def test_an_error_that_nobody_expects_does_not_end_it(self) -> None:
        self.leases.fails = [ValueError("hush")]
        with self.heartbeat.keep(_claim("a")):
            self._beat()
            self._beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}], self.leases.renewed)
        self.assertIn("ValueError", self.log.output)
        self.assertNotIn("hush", self.log.output)

    def test_a_forked_process_has_its_own(self) -> None:
        with self.heartbeat.keep(_claim("parent")):
            self.ticks.until_asleep()
            child = os.fork()
            if child == 0:
                os._exit(self._in_child())
            status = os.waitpid(child, 0)[1]
        self.assertEqual(0, os.waitstatus_to_exitcode(status))

    def _in_child(self) -> int:
        try:
            # The parent's thread, which waits, is not here to be woken.
            self.ticks = _Ticks()
            with self.heartbeat.keep(_claim("child")):
                self._beat()
                self.ticks.until_asleep()
            # The parent renews its own, and stops when it dies.
            return 0 if self.leases.renewed == [{"child"}] else 1
        except BaseException:
            return 2
