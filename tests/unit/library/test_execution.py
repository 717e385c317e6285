# SPDX-License-Identifier: Apache-2.0
"""How a first request ends: protocol sections 3, 4 and 5."""

from __future__ import annotations

import ddt

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers
from tests.unit.library.base import FAILED
from tests.unit.library.base import REBUILT
from tests.unit.library.base import REFUSED


@ddt.ddt
class RefusedTest(base.EngineTestCase):
    """4xx."""

    @ddt.data(None, "server")
    def test_made_nothing_so_the_token_is_free_again(
        self, link: str | None
    ) -> None:
        work = fakes.Work(lambda: REFUSED, link)
        self.assert_told(self.send(work), Verdict.EXECUTED, REFUSED)
        self.assertEqual([], self.store.records)

    @ddt.data((307, None), (307, "server"), (308, None), (308, "server"))
    @ddt.unpack
    def test_sent_elsewhere_it_made_nothing_here(
        self, status: int, link: str | None
    ) -> None:
        """The same request goes there, with the same token."""
        moved = Answer(status, (("Location", "/v3/projects"),), b"")
        work = fakes.Work(lambda: moved, link)
        self.assert_told(self.send(work), Verdict.EXECUTED, moved)
        self.assertEqual([], self.store.records)

    @ddt.data(301, 302, 303)
    def test_what_may_show_a_result_elsewhere_is_kept(
        self, status: int
    ) -> None:
        seen = Answer(status, (("Location", "/result"),), b"")
        self.send(answers(seen))
        self.assertIs(State.SUCCEEDED, self.row().state)

    def test_the_corrected_retry_runs_under_the_same_token(self) -> None:
        self.send(answers(REFUSED), body=b"wrong")
        reply = self.send(answers(ACCEPTED), body=b"corrected")
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)

    def test_after_it_made_something_it_is_kept(self) -> None:
        work = self.linked(REFUSED)
        work.left = {Resource("server", "server-1", "1")}
        self.assert_told(self.send(work), Verdict.FAILED, REFUSED)
        self.assert_told(self.send(work), Verdict.FAILED, REFUSED, "req-1")
        self.assertEqual(1, work.runs)
        self.assertIs(State.FAILED, self.row().state)

    def test_after_it_undid_what_it_made_the_token_is_free(self) -> None:
        work = self.linked(REFUSED)
        self.assert_told(self.send(work), Verdict.EXECUTED, REFUSED)
        self.assertEqual(0, self.row().bound)
        reply = self.send(self.linked(), body=b"corrected")
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)

    def test_after_a_takeover_it_frees_the_token_too(self) -> None:
        self.dies(self.dying())
        self.send(fakes.Work(lambda: REFUSED, "server"), body=b"{}")
        reply = self.send(self.linked(), body=b"corrected")
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)


class FailedTest(base.EngineTestCase):
    """5xx."""

    def test_not_linked_it_is_stored_and_never_run_twice(self) -> None:
        work = answers(FAILED)
        self.assert_told(self.send(work), Verdict.FAILED, FAILED)
        self.assert_told(self.send(work), Verdict.FAILED, FAILED, "req-1")
        self.assertEqual(1, work.runs)

    def test_linked_and_nothing_committed_the_token_is_free(self) -> None:
        work = fakes.Work(lambda: FAILED, "server")
        self.assert_told(self.send(work), Verdict.INTERRUPTED, FAILED)
        self.assertEqual([], self.store.records)
        self.assertIs(Verdict.EXECUTED, self.send(self.linked()).verdict)

    def test_linked_and_undone_by_the_service_the_token_is_free(self) -> None:
        self.send(self.linked(FAILED))
        self.assertEqual(0, self.row().bound)

    def test_linked_and_committed_the_retry_gets_what_is_there(self) -> None:
        work = self.linked(FAILED)
        work.left = {Resource("server", "server-1", "1")}
        self.assert_told(self.send(work), Verdict.INTERRUPTED, FAILED)
        self.assert_told(self.send(work), Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual((1, []), (work.runs, self.clock.slept))

    def test_what_another_service_should_go_on_with_has_failed(self) -> None:
        """Nobody may have been asked: no retry is told that it went well."""
        made = self.linked(FAILED)
        made.left = {Resource("server", "server-1", "1")}

        def handed_on() -> Answer:
            claim = claims.current()
            assert claim is not None
            claim.handed_on = True
            return run()

        run, made.run = made.run, handed_on  # type: ignore[method-assign]
        self.assert_told(self.send(made), Verdict.FAILED, FAILED)
        self.assert_told(self.send(made), Verdict.FAILED, FAILED, "req-1")
        self.assertEqual(1, made.runs)

    def test_what_is_left_is_asked_of_the_service_not_of_memory(self) -> None:
        work = self.linked(FAILED, count=3)
        work.left = {Resource("server", "server-2", "2")}
        self.send(work)
        self.assertEqual(3, self.row().bound)

    def test_a_deadlock_is_told_as_something_that_passes(self) -> None:
        def deadlock() -> Answer:
            claim = claims.current()
            assert claim is not None
            claim.deadlocked = True
            return FAILED

        self.refused(errors.Unavailable, fakes.Work(deadlock, "server"))
        self.assertEqual([], self.store.records)
        self.assertIs(Verdict.EXECUTED, self.send(self.linked()).verdict)


class LargeAnswerTest(base.EngineTestCase):
    LARGE = Answer(202, (), b"x" * 1001)

    def test_the_largest_that_is_stored(self) -> None:
        large = Answer(202, (), b"x" * 1000)
        self.send(answers(large))
        self.assertEqual(large, self.send(answers()).answer)

    def test_linked_it_is_rebuilt(self) -> None:
        work = self.linked(self.LARGE, count=2)
        self.assert_told(self.send(work), Verdict.EXECUTED, self.LARGE)
        self.assert_told(self.send(work), Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual([tuple(self.made)], work.asked_to_rebuild)
        self.assertEqual(1, work.runs)

    def test_else_it_is_lost_and_never_run_again(self) -> None:
        work = answers(self.LARGE)
        self.send(work)
        for _ in range(2):
            self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(1, work.runs)

    def test_a_large_failure_is_told_without_its_answer(self) -> None:
        large = Answer(500, (), b"x" * 1001)
        work = answers(large)
        self.assert_told(self.send(work), Verdict.FAILED, large)
        self.refused(errors.Failed, work, "req-1")
        self.assertEqual(1, work.runs)

    def test_a_deleted_resource_cannot_be_rebuilt_nor_made_again(self) -> None:
        work = self.linked(self.LARGE)
        self.send(work)
        work.rebuilt = None
        self.refused(errors.AnswerLost, work, "req-1")
        self.assertEqual(1, work.runs)


class LostSecretTest(base.EngineTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = self.linked()
        self.send(self.work)
        self.sealer.secret = "another"

    def test_linked_it_is_rebuilt(self) -> None:
        again = self.send(self.work)
        self.assert_told(again, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual(1, self.work.runs)

    def test_else_it_is_lost_and_never_run_again(self) -> None:
        self.work.rebuilt = None
        self.refused(errors.AnswerLost, self.work, "req-1")
        self.assertEqual(1, self.work.runs)

    def test_the_operator_is_told_and_no_secret(self) -> None:
        self.send(self.work)
        self.assertIn("answer of request req-1 cannot be", self.log.output)
        self.assertNotIn("token'", self.log.output)


class SeveralTest(base.EngineTestCase):
    """min_count: resources are committed one by one."""

    def test_all_are_bound_in_their_order(self) -> None:
        self.send(self.linked(count=3))
        self.assertEqual(3, self.row().bound)
        bound = self.store.resources(self.row().id)
        self.assertEqual(tuple(self.made), bound)

    def test_a_retry_after_a_crash_answers_the_ones_that_exist(self) -> None:
        work = self.linked(count=3)
        left = [None, None]

        def die_at_the_third(point: Point) -> None:
            if point is Point.BEFORE_COMMIT:
                if not left:
                    self.die()
                left.pop()

        points.arm(die_at_the_third)
        self.dies(work)
        self.send(work)
        self.assertEqual([tuple(self.made)], work.asked_to_rebuild)
        self.assertEqual((2, 1), (len(self.made), work.runs))


class UnlinkedKindTest(base.EngineTestCase):
    def test_what_another_kind_makes_meanwhile_is_not_bound(self) -> None:
        self.send(fakes.Work(self.create, "keypair"))
        self.assertEqual(0, self.row().bound)

    def test_what_is_made_without_a_claim_is_not_bound(self) -> None:
        self.assertIsNone(claims.current())
        self.create()
        self.assertEqual([], self.store.records)
