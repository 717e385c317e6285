# SPDX-License-Identifier: Apache-2.0
"""Not all can be taken back: some is taken up, or deleted."""

from __future__ import annotations

import ddt

from openstack_idempotency.engine.points import Point
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.record import State
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import REBUILT
from tests.unit.library.withdrawals import Withdrawal


class TakenTest(Withdrawal):
    """The service goes on with one: they stay, and are told of."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting.remove(self.first[1])

    def test_the_retry_is_told_of_all_of_them(self) -> None:
        work = self.linked_work()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual([tuple(self.first)], work.asked_to_rebuild)
        self.assertEqual((0, []), (work.runs, self.undone))
        self.assertEqual(2, self.row().bound)


@ddt.ddt
class DeletedTest(Withdrawal):
    """A user deleted one: the other is taken back, and nothing is run."""

    def setUp(self) -> None:
        super().setUp()
        self.delete(self.first[0])

    def test_the_answer_is_lost_and_nothing_runs(self) -> None:
        work = self.linked_work()
        work.rebuilt = None
        self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual((0, 2), (work.runs, len(self.made)))
        self.assertIs(State.SUCCEEDED, self.row().state)

    def test_it_stays_so(self) -> None:
        work = self.linked_work()
        work.rebuilt = None
        for _ in range(3):
            self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(0, work.runs)

    def test_the_other_one_is_undone(self) -> None:
        self.assertRaises(errors.AnswerLost, self.send, self.linked_work())
        self.assertEqual(["undo server-2"], self.undone)
        self.assertEqual(0, self.row().undo)

    def test_it_is_not_rebuilt_from_what_is_left(self) -> None:
        work = self.linked_work()
        self.assertRaises(errors.AnswerLost, self.send, work)
        self.assertEqual([], work.asked_to_rebuild)

    def test_out_of_reach_the_next_one_undoes_it(self) -> None:
        self.undo_fails.append(errors.Unavailable())
        work = self.linked_work()
        self.refused(errors.Unavailable, work)
        self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(["undo server-2"], self.undone)
        self.assertEqual((0, []), (work.runs, self.clock.slept))

    def test_also_where_the_deletion_is_not_known_any_more(self) -> None:
        self.undo_fails.append(errors.Unavailable())
        work = self.linked_work()
        work.rebuilt = None
        self.refused(errors.Unavailable, work)
        self.deleted.clear()
        self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(["undo server-2"], self.undone)
        self.assertEqual((0, 0), (work.runs, self.row().undo))

    @ddt.data(Point.BEFORE_UNDO, Point.AFTER_UNDO)
    def test_its_worker_may_die_too(self, point: Point) -> None:
        self.die_at(point)
        self.dies(self.linked_work())
        work = self.linked_work()
        self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual({"undo server-2"}, set(self.undone))
        self.assertEqual((0, 0), (work.runs, self.row().undo))

    def test_a_late_cast_does_not_turn_it_into_a_success(self) -> None:
        self.die_at(Point.BEFORE_UNDO)
        self.dies(self.linked_work())
        # Now the service knows the deleted server again.
        work = self.linked_work()
        work.rebuilt = ACCEPTED
        for _ in range(2):
            self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(0, work.runs)
