# SPDX-License-Identifier: Apache-2.0
"""A worker dies anywhere, and its request is repeated: sections 3 and 5."""

from __future__ import annotations

import typing as ty

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import faults
from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.answer import Replay
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.work import Evidence
from nova.openstack.common.idempotency.work import Started
from tests.unit.common import base
from tests.unit.common import fakes
from tests.unit.common.base import ACCEPTED
from tests.unit.common.base import Died
from tests.unit.common.base import dying

# The points that a first request comes to, in their order.
_FIRST = (
    Point.BEFORE_CLAIM,
    Point.AFTER_CLAIM,
    Point.BEFORE_METHOD,
    Point.BEFORE_LINK,
    Point.BEFORE_COMMIT,
    Point.AFTER_COMMIT,
    Point.AFTER_METHOD,
    Point.BEFORE_SETTLE,
    Point.AFTER_SETTLE,
    Point.BEFORE_ANSWER,
)


def _die_at(deadly: Point) -> ty.Callable[[Point], None]:
    """Return a hook that lets the first worker die that comes to a point."""
    left = [deadly]

    def hook(point: Point) -> None:
        if point in left:
            left.remove(point)
            raise Died

    return hook


class AnywhereTest(base.EngineTestCase):
    def test_a_first_request_comes_to_all_points_in_order(self) -> None:
        seen: list[Point] = []
        faults.arm(seen.append)
        self.send(self.linked())
        self.assertEqual(list(_FIRST), seen)

    def test_linked_there_is_exactly_one_resource(self) -> None:
        for point in _FIRST:
            with self.subTest(point.value):
                token, self.made[:] = point.value, []
                work = self.linked()
                faults.arm(_die_at(point))
                self.assertRaises(Died, self.send, work, token=token)
                self.clock.forward(base.LEASE)
                reply = self.send(work, token=token)
                self.assertEqual(202, reply.answer.status)
                self.assertEqual(1, len(self.made))
                again = self.send(work, token=token)
                self.assertEqual(reply.answer, again.answer)
                self.assertEqual(1, len(self.made))

    def test_linked_a_retry_may_die_anywhere_too(self) -> None:
        for first in (Point.BEFORE_COMMIT, Point.AFTER_COMMIT):
            for second in Point:
                with self.subTest(f"{first.value}, {second.value}"):
                    token = f"{first.value}-{second.value}"
                    self.made.clear()
                    work = self.linked()
                    for point in (first, second):
                        faults.arm(_die_at(point))
                        try:
                            self.send(work, token=token)
                        except Died:
                            self.clock.forward(base.LEASE)
                    faults.arm(None)
                    reply = self.send(work, token=token)
                    self.assertEqual(202, reply.answer.status)
                    self.assertEqual(1, len(self.made))

    def test_not_linked_it_never_runs_twice(self) -> None:
        for point in (Point.BEFORE_METHOD, Point.AFTER_METHOD):
            with self.subTest(point.value):
                work = base.answers(ACCEPTED, ACCEPTED)
                faults.arm(_die_at(point))
                self.assertRaises(Died, self.send, work, token=point.value)
                self.clock.forward(base.LEASE)
                runs = work.runs
                for _ in range(2):
                    self.assertRaises(
                        errors.OutcomeUnknown,
                        self.send,
                        work,
                        token=point.value,
                    )
                self.assertEqual(runs, work.runs)


class LinkedTest(base.EngineTestCase):
    def test_nothing_committed_so_the_retry_runs_it(self) -> None:
        self.dies(fakes.Work(dying(), "server"))
        reply = self.send(self.linked())
        self.assertEqual(ACCEPTED, reply.answer)
        self.assertIsNone(reply.replay)

    def test_committed_so_the_retry_gets_the_resource(self) -> None:
        self.dies(fakes.Work(dying(self.create), "server"))
        work = self.linked()
        reply = self.send(work)
        self.assertEqual(work.rebuilt, reply.answer)
        self.assertEqual(Replay("req-1"), reply.replay)
        self.assertEqual(0, work.runs)

    def test_what_was_rebuilt_is_stored_as_the_answer(self) -> None:
        self.dies(fakes.Work(dying(self.create), "server"))
        work = self.linked()
        first = self.send(work)
        work.rebuilt = Answer(202, (), b"changed since")
        again = self.send(work)
        self.assertEqual(first.answer, again.answer)
        self.assertEqual(Replay("req-1"), again.replay)
        self.assertIs(State.SUCCEEDED, self.row().state)

    def test_its_life_begins_with_the_answer_that_was_found(self) -> None:
        self.dies(fakes.Work(dying(self.create), "server"))
        reply = self.send(self.linked())
        ends = self.clock.milliseconds + base.TTL * 1000
        self.assertEqual(ends, reply.expires_at)
        self.assertEqual(ends, self.row().expires_at)

    def test_deleted_meanwhile_it_is_never_made_again(self) -> None:
        self.dies(fakes.Work(dying(self.create), "server"))
        work = self.linked()
        work.rebuilt = None
        for _ in range(2):
            self.assertRaises(errors.AnswerLost, self.send, work)
        self.assertEqual(0, work.runs)

    def test_rebuilding_may_fail_and_is_tried_again_at_once(self) -> None:
        self.dies(fakes.Work(dying(self.create), "server"))
        work = self.linked()
        self.store.broken = {"resources"}
        self.assertRaises(errors.Unavailable, self.send, work)
        self.store.broken = set()
        self.assertEqual(work.rebuilt, self.send(work).answer)
        self.assertEqual([], self.clock.slept)

    def test_of_two_retries_one_takes_over(self) -> None:
        for take, first in (
            ("rerun", dying()),
            ("recover", dying(self.create)),
        ):
            with self.subTest(take):
                self.dies(fakes.Work(first, "server"))
                other = self.linked()
                self.store.before[take] = lambda work=other: self.send(work)
                work = self.linked()
                reply = self.send(work)
                self.assertIsNotNone(reply.replay)
                self.assertEqual(0, work.runs)
                self.clock.forward(base.TTL + base.LEASE)

    def test_the_log_tells_which_request_ended_so(self) -> None:
        self.dies(fakes.Work(dying(self.create), "server"))
        self.send(self.linked())
        self.assertIn("Request req-1 ended without an answer", self.log.output)


class NotLinkedTest(base.EngineTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.dies(fakes.Work(dying()))
        self.work = base.answers(ACCEPTED)

    def recorded(
        self, evidence: Evidence, answer: Answer | None = None
    ) -> None:
        self.work.recorded["req-1"] = Started(evidence, answer)

    def test_known_to_be_under_way_it_is_replayed_as_accepted(self) -> None:
        accepted = Answer(202, (), b"")
        self.recorded(Evidence.UNDER_WAY, accepted)
        reply = self.send(self.work)
        self.assertEqual(accepted, reply.answer)
        self.assertEqual(Replay("req-1"), reply.replay)
        self.work.recorded.clear()
        self.assertEqual(reply.answer, self.send(self.work).answer)
        self.assertEqual(0, self.work.runs)

    def test_under_way_without_its_answer_the_answer_is_lost(self) -> None:
        self.recorded(Evidence.UNDER_WAY)
        for _ in range(2):
            self.assertRaises(errors.AnswerLost, self.send, self.work)
            self.work.recorded.clear()
        self.assertEqual(0, self.work.runs)
        self.assertIs(State.SUCCEEDED, self.row().state)

    def test_recorded_as_failed_it_stays_so(self) -> None:
        self.recorded(Evidence.FAILED)
        for _ in range(2):
            self.assertRaises(errors.Failed, self.send, self.work)
            self.work.recorded.clear()
        self.assertEqual(0, self.work.runs)
        self.assertIs(State.FAILED, self.row().state)

    def test_a_record_that_cannot_be_read_leaves_the_token(self) -> None:
        before = self.row()

        def fail(request_id: str) -> Started:
            raise errors.Unavailable

        self.work.started = fail
        self.assertRaises(errors.Unavailable, self.send, self.work)
        self.assertEqual(before, self.row())

    def test_nothing_known_it_is_unknown_and_never_run(self) -> None:
        for _ in range(3):
            self.assertRaises(errors.OutcomeUnknown, self.send, self.work)
        self.assertEqual(0, self.work.runs)
        self.assertIs(State.UNKNOWN, self.row().state)

    def test_found_out_later_it_is_known(self) -> None:
        self.assertRaises(errors.OutcomeUnknown, self.send, self.work)
        self.recorded(Evidence.UNDER_WAY, ACCEPTED)
        self.assertEqual(ACCEPTED, self.send(self.work).answer)

    def test_unknown_ends_with_the_token_s_life(self) -> None:
        self.assertRaises(errors.OutcomeUnknown, self.send, self.work)
        self.clock.forward(base.TTL)
        self.assertIsNone(self.send(self.work).replay)
        self.assertEqual(1, self.work.runs)

    def test_other_requests_are_still_refused(self) -> None:
        self.assertRaises(errors.OutcomeUnknown, self.send, self.work)
        self.assertRaises(
            errors.DifferentRequest, self.send, self.work, body=b"other"
        )
