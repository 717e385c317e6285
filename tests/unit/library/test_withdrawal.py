# SPDX-License-Identifier: Apache-2.0
"""A retry takes back what the service had not gone on with: section 5."""

from __future__ import annotations

import ddt

from openstack_idempotency.engine.points import Point
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Verdict
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import REFUSED
from tests.unit.library.withdrawals import Withdrawal

_UNDONE = ["undo server-1", "undo server-2"]


@ddt.ddt
class WithdrawnTest(Withdrawal):
    """Nobody went on with them: they are gone, and the retry runs."""

    def test_it_runs_under_the_same_token(self) -> None:
        work = self.linked_work()
        reply = self.send(work)
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual(1, work.runs)
        self.assertEqual((2, 0), (self.row().bound, self.row().undo))
        bound = self.store.resources(self.row().id)
        self.assertEqual(tuple(self.made[2:]), bound)

    def test_it_is_replayed_like_any_other(self) -> None:
        self.send(self.linked_work())
        again = self.send(self.linked_work())
        self.assert_told(again, Verdict.REPLAYED, ACCEPTED, "req-2")

    def test_it_is_undone_before_it_runs(self) -> None:
        seen: list[list[str]] = []

        def run() -> Answer:
            seen.append(list(self.undone))
            return self.make_two()

        self.send(self.linked_work(run))
        self.assertEqual([_UNDONE], seen)

    def test_the_row_speaks_of_the_request_that_runs_then(self) -> None:
        self.send(self.linked_work(), roles=base.ROLES | {"admin"})
        row = self.row()
        self.assertEqual("req-2", row.request_id)
        self.assertEqual(base.ROLES | {"admin"}, row.roles)

    def test_the_log_tells_so(self) -> None:
        self.send(self.linked_work())
        self.assertIn("withdrawn, and request req-2 runs", self.log.output)

    def test_refused_it_frees_the_token(self) -> None:
        reply = self.send(self.linked_work(lambda: REFUSED))
        self.assert_told(reply, Verdict.EXECUTED, REFUSED)
        self.assertEqual(0, self.row().bound)  # the first one may look for it
        reply = self.send(self.linked_work(), body=b"corrected")
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)

    def test_out_of_reach_the_token_stays_and_the_next_one_undoes_first(
        self,
    ) -> None:
        self.undo_fails.append(errors.Unavailable())
        work = self.linked_work()
        self.refused(errors.Unavailable, work)
        self.assertEqual((0, 2), (work.runs, self.row().undo))
        reply = self.send(work)
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual(_UNDONE, self.undone)
        self.assertEqual((1, []), (work.runs, self.clock.slept))

    def test_another_request_does_not_get_the_token_meanwhile(self) -> None:
        self.undo_fails.append(errors.Unavailable())
        self.refused(errors.Unavailable, self.linked_work())
        self.refused(errors.Different, self.linked_work(), body=b"other")

    def test_out_of_reach_in_the_middle_it_is_undone_from_the_start(
        self,
    ) -> None:
        work = self.linked_work()
        undo = work.undo

        def fail_at_the_second(todo: str) -> None:
            if self.undone:
                raise errors.Unavailable
            undo(todo)

        work.undo = fail_at_the_second  # type: ignore[method-assign]
        self.refused(errors.Unavailable, work)
        self.send(self.linked_work())
        self.assertEqual([_UNDONE[0], *_UNDONE], self.undone)

    @ddt.data("todos", "undone", "withdraw")
    def test_without_the_table_the_next_one_goes_on(self, step: str) -> None:
        self.store.broken = {step}
        work = self.linked_work()
        self.refused(errors.Unavailable, work)
        self.assertEqual(0, work.runs)
        self.store.broken = set()
        reply = self.send(work)
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual(_UNDONE, self.undone[-2:])

    @ddt.data("withdraw", "undone")
    def test_committed_while_the_connection_broke(self, step: str) -> None:
        self.store.cut = {step}
        work = self.linked_work()
        self.refused(errors.Unavailable, work)
        self.store.cut = set()
        reply = self.send(work)
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual(_UNDONE, self.undone)
        self.assertEqual(1, work.runs)

    @ddt.data(
        Point.AFTER_TAKEOVER,
        Point.BEFORE_METHOD,
        Point.BEFORE_UNDO,
        Point.AFTER_UNDO,
        Point.BEFORE_COMMIT,
    )
    def test_its_worker_may_die_too(self, point: Point) -> None:
        self.die_at(point)
        self.dies(self.linked_work())
        work = self.linked_work()
        reply = self.send(work)
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual(set(_UNDONE), set(self.undone))
        self.assertEqual((1, 4), (work.runs, len(self.made)))

    def test_what_that_one_made_can_be_withdrawn_again(self) -> None:
        self.die_at(Point.AFTER_METHOD)
        self.dies(self.linked_work())
        reply = self.send(self.linked_work())
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual(
            [*_UNDONE, "undo server-3", "undo server-4"], self.undone
        )

    def test_overtaken_while_it_undoes_it_does_not_run(self) -> None:
        work = self.linked_work()

        def overtake() -> None:
            self.clock.forward(base.LEASE)
            self.send(self.linked_work())

        self.store.before["undone"] = overtake
        self.refused(errors.TakenOver, work, "req-3")
        self.assertEqual((0, 4), (work.runs, len(self.made)))

    def test_the_slow_first_worker_makes_nothing_more(self) -> None:
        def run() -> Answer:
            self.make_two()
            self.clock.forward(base.LEASE)
            reply = self.send(self.linked_work(), token="slow")
            self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
            return self.make_two()

        work = self.linked_work(run)
        self.refused(errors.TakenOver, work, "req-3", token="slow")
        self.assertEqual(len(self.first) + 2 + 2, len(self.made))
        again = self.send(self.linked_work(), token="slow")
        self.assert_told(again, Verdict.REPLAYED, ACCEPTED, "req-3")
