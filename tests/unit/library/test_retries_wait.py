# SPDX-License-Identifier: Apache-2.0
"""Retries while the first request runs elsewhere: protocol section 3."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Verdict
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers


class _Waiting(base.EngineTestCase):
    def while_running(
        self, *works: fakes.Work, **how: ty.Any
    ) -> list[Verdict]:
        """Retry a request while its first one runs; return what is told."""
        seen: list[Verdict] = []

        def meanwhile() -> Answer:
            for work in works:
                try:
                    seen.append(self.send(work, **how).verdict)
                except errors.Refusal as refusal:
                    seen.append(refusal.verdict)
            return ACCEPTED

        self.send(fakes.Work(meanwhile))
        return seen


class WaitingTest(_Waiting):
    """Another worker runs the first request; time passes when told."""

    def test_it_waits_no_longer_than_the_limit_then_says_so(self) -> None:
        work = answers()
        self.assertEqual([Verdict.RUNNING], self.while_running(work))
        self.assertEqual(0, work.runs)
        self.assertAlmostEqual(5, sum(self.clock.slept), delta=0.2)

    def test_without_a_limit_it_does_not_sleep(self) -> None:
        self.limit(wait_timeout=0)
        self.assertEqual([Verdict.RUNNING], self.while_running(answers()))
        self.assertEqual([], self.clock.slept)

    def test_a_different_request_does_not_wait(self) -> None:
        seen = self.while_running(answers(), body=b"other")
        self.assertEqual([Verdict.DIFFERENT], seen)
        self.assertEqual([], self.clock.slept)

    def test_it_gets_the_answer_as_soon_as_it_is_there(self) -> None:
        self.store.before["claim"] = lambda: self.clock.after(
            1, self.elsewhere().finish
        )
        work = answers()
        reply = self.send(work)
        self.assertEqual(0, work.runs)
        self.assert_told(reply, Verdict.REPLAYED, ACCEPTED, "req-elsewhere")
        self.assertLess(sum(self.clock.slept), 1.2)

    def test_it_runs_when_the_first_one_frees_the_token(self) -> None:
        self.store.before["claim"] = lambda: self.clock.after(
            1, self.elsewhere().free
        )
        work = answers(ACCEPTED)
        self.assertIs(Verdict.EXECUTED, self.send(work).verdict)
        self.assertEqual(1, work.runs)

    def test_it_takes_over_when_the_lease_ends(self) -> None:
        self.elsewhere("server")
        self.clock.forward(base.LEASE - 1)
        work = self.linked()
        self.assertIs(Verdict.EXECUTED, self.send(work).verdict)
        self.assertEqual(1, work.runs)
        self.assertAlmostEqual(1, sum(self.clock.slept), 0)

    def test_of_two_that_come_at_once_one_runs(self) -> None:
        work = answers()
        self.store.before["claim"] = lambda: self.elsewhere().finish()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REPLAYED, ACCEPTED, "req-elsewhere")
        self.assertEqual(0, work.runs)
        self.assertEqual(1, len(self.store.records))


class SeatsTest(_Waiting):
    """Waiting retries keep threads from others: protocol section 3."""

    def test_without_places_nobody_waits(self) -> None:
        self.limit(max_waiting=0)
        self.assertEqual([Verdict.RUNNING], self.while_running(answers()))
        self.assertEqual([], self.clock.slept)

    def test_one_that_may_not_wait_is_told_at_once(self) -> None:
        seen = self.while_running(answers(), may_wait=False)
        self.assertEqual([Verdict.RUNNING], seen)
        self.assertEqual([], self.clock.slept)

    def _others_while_one_waits(self, count: int) -> list[Verdict]:
        """Return what others are told while one retry waits."""
        told: list[Verdict] = []

        def send_others() -> None:
            slept = len(self.clock.slept)
            for _ in range(count):
                refusal = self.assertRaises(
                    errors.Running, self.send, answers()
                )
                self.assertEqual("req-1", refusal.request_id)
                told.append(refusal.verdict)
            waited = len(self.clock.slept) - slept
            self.assertEqual(0, waited)

        self.clock.after(1, send_others)
        self.while_running(answers())
        return told

    def test_the_others_are_told_at_once(self) -> None:
        told = self._others_while_one_waits(3)
        self.assertEqual([Verdict.RUNNING] * 3, told)

    def test_who_has_waited_leaves_the_place_to_the_next_one(self) -> None:
        seen = self.while_running(answers(), answers())
        self.assertEqual([Verdict.RUNNING] * 2, seen)
        self.assertAlmostEqual(10, sum(self.clock.slept), delta=0.4)

    def test_who_runs_in_the_end_does_not_keep_the_place(self) -> None:
        slept: list[float] = []

        def run() -> Answer:
            before = sum(self.clock.slept)
            self.assertRaises(errors.Running, self.send, answers())
            slept.append(sum(self.clock.slept) - before)
            return ACCEPTED

        self.store.before["claim"] = lambda: self.clock.after(
            1, self.elsewhere().free
        )
        self.send(fakes.Work(run))
        self.assertAlmostEqual(5, slept[0], delta=0.2)


class OvertakenTest(base.EngineTestCase):
    """Others claim the token again and again, and free it at once."""

    def setUp(self) -> None:
        super().setUp()
        self.work = answers(ACCEPTED)
        self.times = 0

    def _let_others_be_faster(self, times: int) -> None:
        def claim() -> None:
            self.times += 1
            other = self.elsewhere()
            self.store.before["look"] = look if self.times < times else free

            def release() -> None:
                other.free()

            self.other = release

        def look() -> None:
            self.other()
            self.store.before["claim"] = claim

        def free() -> None:
            self.other()

        self.store.before["claim"] = claim

    def test_one_that_must_not_wait_looks_again_before_it_gives_up(
        self,
    ) -> None:
        self._let_others_be_faster(2)
        reply = self.send(self.work, may_wait=False)
        self.assertIs(Verdict.EXECUTED, reply.verdict)

    def test_but_not_for_ever(self) -> None:
        self._let_others_be_faster(100)
        self.assertRaises(errors.Running, self.send, self.work, may_wait=False)
        self.assertEqual((0, []), (self.work.runs, self.clock.slept))

    def test_one_that_may_wait_goes_on(self) -> None:
        self._let_others_be_faster(10)
        self.assertIs(Verdict.EXECUTED, self.send(self.work).verdict)
        self.assertEqual(1, self.work.runs)
