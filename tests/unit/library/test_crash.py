# SPDX-License-Identifier: Apache-2.0
"""A worker dies anywhere, and its request is sent again: sections 3, 5."""

from __future__ import annotations

import ddt

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import State
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import Died
from tests.unit.library.base import REBUILT

# The points that a first request comes to, in their order, on this store.
_FIRST = (
    Point.BEFORE_CLAIM,
    Point.AFTER_CLAIM,
    Point.BEFORE_METHOD,
    Point.BEFORE_LINK,
    Point.BEFORE_COMMIT,
    Point.AFTER_COMMIT,
    Point.AFTER_METHOD,
    Point.BEFORE_SETTLE,
    Point.COMPLETING,
    Point.AFTER_SETTLE,
    Point.BEFORE_ANSWER,
)


@ddt.ddt
class AnywhereTest(base.EngineTestCase):
    def test_a_first_request_comes_to_all_points_in_order(self) -> None:
        seen: list[Point] = []
        points.arm(seen.append)
        self.send(self.linked())
        self.assertEqual(list(_FIRST), seen)

    @ddt.data(*_FIRST)
    def test_linked_there_is_exactly_one_resource(self, point: Point) -> None:
        work = self.linked()
        self.die_at(point)
        self.dies(work)
        reply = self.send(work)
        self.assertEqual(202, reply.answer.status)
        self.assertEqual(1, len(self.made))
        again = self.send(work)
        self.assertEqual(reply.answer, again.answer)
        self.assertEqual(1, len(self.made))

    @ddt.data(
        *(
            (first, second)
            for first in (Point.BEFORE_COMMIT, Point.AFTER_COMMIT)
            for second in Point
        )
    )
    @ddt.unpack
    def test_linked_a_retry_may_die_anywhere_too(
        self, first: Point, second: Point
    ) -> None:
        work = self.linked()
        self.die_at(first, second)
        self.dies(work)
        try:
            self.send(work)
        except Died:
            self.store.dead = None
            self.clock.forward(base.LEASE)
        points.arm(None)
        reply = self.send(work)
        self.assertEqual(202, reply.answer.status)
        self.assertEqual(1, len(self.made))

    @ddt.data(Point.AFTER_CLAIM, Point.BEFORE_METHOD, Point.AFTER_METHOD)
    def test_not_linked_it_never_runs_twice(self, point: Point) -> None:
        work = base.answers(ACCEPTED, ACCEPTED)
        self.die_at(point)
        self.dies(work)
        runs = work.runs
        for _ in range(2):
            self.refused(errors.Unknown, work, "req-1")
        self.assertEqual(runs, work.runs)


@ddt.ddt
class LinkedTest(base.EngineTestCase):
    def test_nothing_committed_so_the_retry_runs_it(self) -> None:
        self.dies(self.dying())
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)

    def test_what_it_then_runs_under_was_another_s(self) -> None:
        self.dies(self.dying())
        self.send(self.linked())
        self.assertEqual(1, self.row().takeovers)

    def test_committed_so_the_retry_gets_the_resource(self) -> None:
        self.dies(self.dying(self.create))
        work = self.linked()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual(0, work.runs)

    def test_what_was_rebuilt_is_stored_as_the_answer(self) -> None:
        self.dies(self.dying(self.create))
        work = self.linked()
        first = self.send(work)
        work.rebuilt = Answer(202, (), b"changed since")
        for _ in range(2):
            again = self.send(work)
            self.assert_told(again, Verdict.REBUILT, first.answer, "req-1")
        self.assertIs(State.SUCCEEDED, self.row().state)

    def test_its_life_begins_with_the_answer_that_was_found(self) -> None:
        self.dies(self.dying(self.create))
        reply = self.send(self.linked())
        ends = self.clock.milliseconds + base.TTL * 1000
        self.assertEqual(ends, reply.expires_at)
        self.assertEqual(ends, self.row().expires_at)

    def test_deleted_meanwhile_it_is_never_made_again(self) -> None:
        self.dies(self.dying(self.create))
        work = self.linked()
        work.rebuilt = None
        for _ in range(2):
            self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(0, work.runs)

    def test_what_is_followed_by_more_has_no_answer(self) -> None:
        """Nobody knows how far its worker had come."""
        self.dies(self.dying(self.create))
        work = fakes.Work(self.create, "server", followed=True)
        work.rebuilt = REBUILT
        for _ in range(2):
            self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual((0, []), (work.runs, work.asked_to_rebuild))

    def test_what_came_to_its_end_is_rebuilt_however_it_is_made(self) -> None:
        self.limit(max_response_size=0)
        work = fakes.Work(self.create, "server", followed=True)
        work.rebuilt = REBUILT
        self.assert_told(self.send(work), Verdict.EXECUTED, ACCEPTED)
        reply = self.send(work)
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")

    @ddt.data("withdraw", "resources")
    def test_recovering_may_fail_and_is_tried_again_at_once(
        self, step: str
    ) -> None:
        self.dies(self.dying(self.create))
        work = self.linked()
        self.store.broken = {step}
        self.refused(errors.Unavailable, work)
        self.store.broken = set()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual([], self.clock.slept)

    def test_of_two_retries_one_runs_it(self) -> None:
        self.dies(self.dying())
        self.store.before["rerun"] = lambda: self.send(self.linked())
        work = self.linked()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REPLAYED, ACCEPTED, "req-3")
        self.assertEqual((0, 1), (work.runs, len(self.made)))

    def test_of_two_retries_one_recovers_it(self) -> None:
        self.dies(self.dying(self.create))
        self.store.before["recover"] = lambda: self.send(self.linked())
        work = self.linked()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual([], work.asked_to_rebuild)

    @ddt.data("withdraw", "complete")
    def test_one_that_is_overtaken_while_it_recovers_looks_again(
        self, step: str
    ) -> None:
        self.dies(self.dying(self.create))

        def overtake() -> None:
            self.clock.forward(base.LEASE)
            self.send(self.linked())

        self.store.before[step] = overtake
        self.store.calls.clear()
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual(3, self.store.calls.count("look"))

    def test_an_operation_that_was_not_linked_then_is_not_run_again(
        self,
    ) -> None:
        # It is since an upgrade; what came of the first one it does not tell.
        self.dies(fakes.Work(self.deadly()))
        work = self.linked()
        self.refused(errors.Unknown, work, "req-1")
        self.assertEqual(0, work.runs)

    def test_the_log_tells_which_request_ended_so(self) -> None:
        self.dies(self.dying(self.create))
        self.send(self.linked())
        self.assertIn("Request req-1 did its work", self.log.output)


class NotLinkedTest(base.EngineTestCase):
    BARE = Answer(202, (), b"")

    def setUp(self) -> None:
        super().setUp()
        self.dies(fakes.Work(self.deadly()))
        self.work = base.answers(ACCEPTED)

    def _recorded(
        self, evidence: Evidence, answer: Answer | None = None
    ) -> None:
        self.work.recorded["req-1"] = Started(evidence, answer)

    def test_known_to_have_started_it_is_given_as_accepted(self) -> None:
        self._recorded(Evidence.UNDER_WAY, self.BARE)
        rebuilt = Answer(202, (), b"", rebuilt=True)
        reply = self.send(self.work)
        self.assert_told(reply, Verdict.REBUILT, rebuilt, "req-1")
        self.work.recorded.clear()
        again = self.send(self.work)
        self.assert_told(again, Verdict.REBUILT, rebuilt, "req-1")
        self.assertEqual(0, self.work.runs)

    def test_known_to_have_started_but_without_an_answer(self) -> None:
        self._recorded(Evidence.UNDER_WAY)
        self.refused(errors.AnswerLost, self.work, "req-1")
        self.work.recorded.clear()
        self.refused(errors.AnswerLost, self.work, "req-1")
        self.assertEqual(0, self.work.runs)

    def test_known_to_have_failed_it_stays_failed(self) -> None:
        self._recorded(Evidence.FAILED)
        self.refused(errors.Failed, self.work, "req-1")
        self.work.recorded.clear()
        self.refused(errors.Failed, self.work, "req-1")
        self.assertEqual(0, self.work.runs)
        self.assertIs(State.FAILED, self.row().state)

    def test_its_life_begins_when_it_is_known_to_have_failed(self) -> None:
        self._recorded(Evidence.FAILED)
        self.clock.forward(100)
        self.refused(errors.Failed, self.work, "req-1")
        ends = self.clock.milliseconds + base.TTL * 1000
        self.assertEqual(ends, self.row().expires_at)

    def test_nothing_known_it_is_unknown_and_never_run(self) -> None:
        for _ in range(3):
            self.refused(errors.Unknown, self.work, "req-1")
        self.assertEqual(0, self.work.runs)
        self.assertIs(State.UNKNOWN, self.row().state)

    def test_found_out_later_it_is_known(self) -> None:
        self.refused(errors.Unknown, self.work, "req-1")
        self._recorded(Evidence.UNDER_WAY, ACCEPTED)
        self.assertEqual(202, self.send(self.work).answer.status)

    def test_unknown_ends_with_the_token_s_life(self) -> None:
        self.refused(errors.Unknown, self.work, "req-1")
        self.clock.forward(base.TTL)
        self.assertIs(Verdict.EXECUTED, self.send(self.work).verdict)
        self.assertEqual(1, self.work.runs)

    def test_other_requests_are_still_refused(self) -> None:
        self.refused(errors.Unknown, self.work, "req-1")
        self.refused(errors.Different, self.work, body=b"other")

    def test_of_two_retries_both_are_told(self) -> None:
        def other() -> None:
            self.refused(errors.Unknown, self.work, "req-1")

        self.store.before["recover"] = other
        self.refused(errors.Unknown, self.work, "req-1")
        self.assertEqual(0, self.work.runs)
