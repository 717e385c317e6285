# SPDX-License-Identifier: Apache-2.0
"""A thread for work that a process does again and again."""

from __future__ import annotations

import os
import threading

from openstack_idempotency.engine.periodic import Periodic
from tests.unit.library import threads


class PeriodicTest(threads.ThreadTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.done: list[int] = []
        self.fails: list[BaseException] = []
        self.needed = True
        self.periodic = Periodic(
            "some-work",
            self._work,
            7.0,
            needed=lambda: self.needed,
            sleep=self.sleep,
        )
        self.addCleanup(setattr, self, "needed", False)

    def _work(self) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.done.append(os.getpid())

    def test_nothing_starts_before_it_is_needed(self) -> None:
        self.assertEqual(set(), self.threads())

    def test_it_works_again_and_again(self) -> None:
        self.periodic.ensure()
        self.beat()
        self.beat()
        self.ticks.until_asleep()
        self.assertEqual([os.getpid()] * 2, self.done)
        self.assertEqual({7.0}, set(self.ticks.intervals))

    def test_its_intervals_vary_where_they_are_to(self) -> None:
        self.periodic = Periodic(
            "some-work", self._work, 7.0, jitter=0.5, sleep=self.sleep,
            needed=lambda: self.needed,
        )  # fmt: skip
        self.periodic.ensure()
        for _ in range(20):
            self.beat()
        self.ticks.until_asleep()
        slept = self.ticks.intervals
        self.assertGreater(len({*slept}), 1)
        self.assertTrue(all(3.5 <= one <= 10.5 for one in slept), slept)

    def test_it_has_one_thread_with_its_name(self) -> None:
        for _ in range(3):
            self.periodic.ensure()
        (thread,) = self.threads()
        self.assertEqual("some-work", thread.name)
        self.assertTrue(thread.daemon)

    def test_it_ends_when_it_is_not_needed_and_starts_again(self) -> None:
        self.periodic.ensure()
        self.needed = False
        self.beat()
        self.ended()
        self.needed = True
        self.periodic.ensure()
        self.beat()
        self.ticks.until_asleep()
        self.assertEqual(2, len(self.done))

    def test_an_error_is_told_and_the_next_time_tries_again(self) -> None:
        self.fails = [ValueError("hush"), OSError("hush")]
        self.periodic.ensure()
        for _ in range(3):
            self.beat()
        self.ticks.until_asleep()
        self.assertEqual(1, len(self.done))
        self.assertIn("some-work failed (ValueError)", self.log.output)
        self.assertIn("some-work failed (OSError)", self.log.output)
        self.assertNotIn("hush", self.log.output)

    def test_whatever_ends_the_thread_the_next_one_starts_another(
        self,
    ) -> None:
        self.fails = [SystemExit()]
        self.periodic.ensure()
        self.beat()
        self.ended()
        self.periodic.ensure()
        self.beat()
        self.ticks.until_asleep()
        self.assertEqual(1, len(self.done))

    def test_once_tells_whether_there_is_more_to_do(self) -> None:
        self.assertTrue(self.periodic.once())
        self.needed = False
        self.assertFalse(self.periodic.once())
        self.assertEqual(2, len(self.done))

    def test_a_thread_that_cannot_start_is_tried_again(self) -> None:
        with self.no_more_threads():
            self.periodic.ensure()
            self.assertEqual(set(), self.threads())
            self.assertIn("some-work cannot be started", self.log.output)
            self.periodic.ensure()
        self.beat()
        self.ticks.until_asleep()
        self.assertEqual(1, len(self.done))

    def test_many_at_once_start_one(self) -> None:
        barrier = threading.Barrier(8)

        def ensure() -> None:
            barrier.wait(threads.SOON)
            self.periodic.ensure()

        others = [threading.Thread(target=ensure) for _ in range(8)]
        for other in others:
            other.start()
        for other in others:
            other.join(threads.SOON)
        self.assertEqual(1, len(self.threads()))

    def test_a_forked_process_has_its_own(self) -> None:
        self.periodic.ensure()
        self.ticks.until_asleep()
        child = os.fork()
        if child == 0:
            os._exit(self._in_child())
        status = os.waitpid(child, 0)[1]
        self.assertEqual(0, os.waitstatus_to_exitcode(status))
        self.assertEqual([], self.done)

    def _in_child(self) -> int:
        try:
            # The parent's thread, which waits, is not here to be woken.
            self.ticks = threads.Ticks()
            self.periodic.ensure()
            self.beat()
            self.ticks.until_asleep()
            return 0 if self.done == [os.getpid()] else 1
        except BaseException:
            return 2
