# SPDX-License-Identifier: Apache-2.0
"""Leases: protocol section 6."""

from __future__ import annotations

import os
import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.heartbeat import Heartbeat
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from tests.unit.library import base
from tests.unit.library import threads


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


class HeartbeatTest(threads.ThreadTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.leases = _Leases()
        self.heartbeat = Heartbeat(
            ty.cast(ty.Any, self.leases), 20.0, self.sleep
        )

    def test_a_running_request_has_its_lease_renewed(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            self.beat()
            self.beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}, {"a"}], self.leases.renewed)
        self.assertEqual({20.0}, set(self.ticks.intervals))

    def test_one_thread_serves_all_requests(self) -> None:
        with (
            self.heartbeat.keep(_claim("a")),
            self.heartbeat.keep(_claim("b")),
            self.heartbeat.keep(_claim("c")),
        ):
            self.assertEqual(1, len(self.threads()))
            self.beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a", "b", "c"}], self.leases.renewed)

    def test_an_ended_request_is_not_renewed(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            with self.heartbeat.keep(_claim("b")):
                pass
            self.beat()
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
        self.ticks.wake()
        self.ended()
        with self.heartbeat.keep(_claim("b")):
            self.beat()
            self.ticks.until_asleep()
        self.assertEqual([{"b"}], self.leases.renewed)

    def test_it_does_not_keep_a_process_alive(self) -> None:
        with self.heartbeat.keep(_claim("a")):
            (thread,) = self.threads()
            self.assertTrue(thread.daemon)
            self.ticks.until_asleep()

    def test_a_failure_is_told_and_the_next_beat_tries_again(self) -> None:
        self.leases.fails = [errors.Unavailable()]
        with self.heartbeat.keep(_claim("a")):
            self.beat()
            self.beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}], self.leases.renewed)
        self.assertIn("leases of 1 running requests", self.log.output)

    def test_an_error_that_nobody_expects_does_not_end_it(self) -> None:
        self.leases.fails = [ValueError("hush")]
        with self.heartbeat.keep(_claim("a")):
            self.beat()
            self.beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a"}], self.leases.renewed)
        self.assertIn("ValueError", self.log.output)
        self.assertNotIn("hush", self.log.output)

    def test_a_thread_that_ended_by_any_error_is_replaced(self) -> None:
        self.leases.fails = [ty.cast(ty.Any, SystemExit())]
        with self.heartbeat.keep(_claim("a")):
            self.beat()
            self.ended()
            with self.heartbeat.keep(_claim("b")):
                self.beat()
                self.ticks.until_asleep()
        self.assertEqual([{"a", "b"}], self.leases.renewed)

    def test_without_a_thread_the_request_runs(self) -> None:
        ran = []
        with self.no_more_threads(), self.heartbeat.keep(_claim("a")):
            ran.append(self.threads())
        self.assertEqual([set()], ran)
        self.assertFalse(self.heartbeat.beat())
        self.assertEqual([], self.leases.renewed)

    def test_the_next_request_starts_the_thread_for_both(self) -> None:
        with (
            self.no_more_threads(),
            self.heartbeat.keep(_claim("a")),
            self.heartbeat.keep(_claim("b")),
        ):
            self.beat()
            self.ticks.until_asleep()
        self.assertEqual([{"a", "b"}], self.leases.renewed)

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
            self.ticks = threads.Ticks()
            with self.heartbeat.keep(_claim("child")):
                self.beat()
                self.ticks.until_asleep()
            # The parent renews its own, and stops when it dies.
            return 0 if self.leases.renewed == [{"child"}] else 1
        except BaseException:
            return 2


class NoThreadTest(base.EngineTestCase, threads.ThreadTestCase):
    """The engine with its real heartbeat, on a machine without threads."""

    def setUp(self) -> None:
        super().setUp()
        beats = Heartbeat(self.store, 20.0, self.sleep)
        self.change(heartbeat=beats)

    def test_the_request_runs_and_leaves_no_claim(self) -> None:
        with self.no_more_threads():
            reply = self.send(self.linked())
        self.assertEqual(base.ACCEPTED, reply.answer)
        self.assertEqual(202, self.row().status)
        self.assertEqual(set(), self.threads())

    def test_the_next_request_is_renewed(self) -> None:
        with self.no_more_threads():
            self.send(self.linked())
        seen: list[int] = []

        def run() -> Answer:
            self.clock.forward(20)
            self.beat()
            self.ticks.until_asleep()
            (row,) = [r for r in self.store.records if not r.sealed]
            seen.append(row.lease_until - self.clock.milliseconds)
            return base.ACCEPTED

        self.send(fakes.Work(run), token="another")
        self.assertEqual([base.LEASE * 1000], seen)
        self.assertEqual(1, len(self.threads()))
