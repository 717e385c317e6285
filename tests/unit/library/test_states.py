# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3: what each state's answers are, row by row."""

from __future__ import annotations

import ddt

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from tests.unit.library import base
from tests.unit.library import test_age
from tests.unit.library import test_authority
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers
from tests.unit.library.base import FAILED
from tests.unit.library.base import FORBIDDEN
from tests.unit.library.base import REFUSED
from tests.unit.library.states import StatesTestCase
from tests.unit.library.states import Told

_LARGE = Answer(202, (), b"x" * 1001)


@ddt.ddt
class StatesTest(StatesTestCase):
    @ddt.data(*Verdict)
    def test_no_state_is_left_out(self, verdict: Verdict) -> None:
        name = f"test_{verdict.value.replace('-', '_')}"
        cases = (StatesTest, test_age.AgeTest, test_authority.ForbiddenTest)
        tests = [test for case in cases for test in dir(case)]
        self.assertTrue(any(test.startswith(name) for test in tests), name)

    def test_executed_a_success(self) -> None:
        told = Told("executed", 202, expires=True)
        self.assertEqual(told, self.told(answers(ACCEPTED)))

    @ddt.data(REFUSED, FORBIDDEN)
    def test_executed_a_refusal(self, answer: Answer) -> None:
        told = Told("executed", answer.status)
        self.assertEqual(told, self.told(answers(answer)))
        self.assertEqual([], self.store.records)

    def test_replayed(self) -> None:
        self.send(answers(ACCEPTED))
        told = Told("replayed", 202, "req-1", replayed=True, expires=True)
        self.assertEqual(told, self.told(answers()))

    def test_rebuilt_after_a_crash_and_ever_after(self) -> None:
        self.dies(self.dying(self.create))
        told = Told("rebuilt", 202, "req-1", replayed=True, expires=True)
        for _ in range(3):
            self.assertEqual(told, self.told(self.linked()))

    def test_rebuilt_where_the_answer_was_too_large(self) -> None:
        self.send(self.linked(_LARGE))
        told = Told("rebuilt", 202, "req-1", replayed=True, expires=True)
        self.assertEqual(told, self.told(self.linked()))

    def test_rebuilt_where_it_is_not_linked(self) -> None:
        self.dies(fakes.Work(self.deadly()))
        work = answers()
        work.recorded["req-1"] = Started(Evidence.UNDER_WAY, ACCEPTED)
        told = Told("rebuilt", 202, "req-1", replayed=True, expires=True)
        self.assertEqual(told, self.told(work))
        self.assertEqual(told, self.told(answers()))

    def test_interrupted_and_the_token_is_free(self) -> None:
        self.assertEqual(
            Told("interrupted", 500), self.told(self.linked(FAILED))
        )
        self.assertEqual(
            Told("executed", 202, expires=True), self.told(self.linked())
        )

    def test_interrupted_and_what_was_committed_is_bound(self) -> None:
        work = self.linked(FAILED)
        work.left = {Resource("server", "server-1", "1")}
        self.assertEqual(Told("interrupted", 500), self.told(work))
        told = Told("rebuilt", 202, "req-1", replayed=True, expires=True)
        self.assertEqual(told, self.told(work))

    def test_running(self) -> None:
        self.elsewhere()
        told = Told("running", 409, "req-elsewhere", again=True)
        self.assertEqual(told, self.told(answers()))

    @ddt.data(ACCEPTED, FORBIDDEN, FAILED)
    def test_taken_over_whatever_the_service_said(
        self, answer: Answer
    ) -> None:
        def run() -> Answer:
            self.clock.forward(base.LEASE)
            self.send(self.linked())
            return answer

        told = Told("taken-over", 409, "req-2", again=True)
        self.assertEqual(told, self.told(fakes.Work(run, "server")))
        told = Told("replayed", 202, "req-2", replayed=True, expires=True)
        self.assertEqual(told, self.told(self.linked()))

    @ddt.data("look", "claim")
    def test_unavailable_and_nothing_runs(self, method: str) -> None:
        self.store.broken = {method}
        work = answers()
        told = Told("unavailable", 503, again=True)
        self.assertEqual(told, self.told(work))
        self.assertEqual(0, work.runs)

    def test_unavailable_where_a_linked_success_cannot_be_stored(
        self,
    ) -> None:
        self.store.broken = {"complete"}
        told = Told("unavailable", 503, again=True)
        self.assertEqual(told, self.told(self.linked()))

    def test_unavailable_after_a_deadlock(self) -> None:
        def run() -> Answer:
            claim = claims.current()
            assert claim is not None
            claim.deadlocked = True
            return FAILED

        told = Told("unavailable", 503, again=True)
        self.assertEqual(told, self.told(fakes.Work(run, "server")))

    def test_too_many(self) -> None:
        self.limit(max_tokens=1)
        self.send(answers(ACCEPTED))
        work = answers()
        told = Told("too-many", 429, again=True)
        self.assertEqual(told, self.told(work, token="another"))
        self.assertEqual((0, 1), (work.runs, len(self.store.records)))

    def test_too_many_does_not_hinder_a_known_token(self) -> None:
        self.limit(max_tokens=1)
        self.send(answers(ACCEPTED))
        self.assertEqual("too-many", self.told(answers(), token="b").state)
        self.assertEqual("replayed", self.told(answers()).state)

    def test_different(self) -> None:
        self.send(answers(ACCEPTED))
        work = answers()
        told = Told("different", 422)
        self.assertEqual(told, self.told(work, body=b"other"))
        self.assertEqual(0, work.runs)
        self.assertEqual("replayed", self.told(answers()).state)

    def test_failed_first_and_later_where_it_is_not_linked(self) -> None:
        work = answers(FAILED)
        told = Told("failed", 500, expires=True)
        self.assertEqual(told, self.told(work))
        told = Told("failed", 500, "req-1", replayed=True, expires=True)
        self.assertEqual([told] * 2, [self.told(work) for _ in range(2)])
        self.assertEqual(1, work.runs)

    def test_failed_first_and_later_where_a_refusal_left_something(
        self,
    ) -> None:
        work = self.linked(REFUSED)
        work.left = {Resource("server", "server-1", "1")}
        told = Told("failed", 400, expires=True)
        self.assertEqual(told, self.told(work))
        told = Told("failed", 400, "req-1", replayed=True, expires=True)
        self.assertEqual(told, self.told(work))
        self.assertEqual(1, work.runs)

    def test_failed_where_the_service_recorded_it(self) -> None:
        self.dies(fakes.Work(self.deadly()))
        work = answers()
        work.recorded["req-1"] = Started(Evidence.FAILED)
        told = [self.told(work), self.told(answers())]
        self.assertEqual([Told("failed", 500, "req-1")] * 2, told)
        self.assertEqual(0, work.runs)

    def test_unknown(self) -> None:
        self.dies(fakes.Work(self.deadly()))
        work = answers()
        told = [self.told(work) for _ in range(2)]
        self.assertEqual([Told("unknown", 409, "req-1")] * 2, told)
        self.assertEqual(0, work.runs)

    def test_answer_lost(self) -> None:
        work = answers(_LARGE)
        self.send(work)
        told = [self.told(work) for _ in range(2)]
        self.assertEqual([Told("answer-lost", 409, "req-1")] * 2, told)
        self.assertEqual(1, work.runs)

    def test_answer_lost_where_the_resource_is_deleted(self) -> None:
        self.dies(self.dying(self.create))
        work = self.linked()
        work.rebuilt = None
        told = [self.told(work) for _ in range(2)]
        self.assertEqual([Told("answer-lost", 409, "req-1")] * 2, told)
        self.assertEqual(0, work.runs)
