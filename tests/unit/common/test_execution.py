# SPDX-License-Identifier: Apache-2.0
"""How a first request ends: protocol sections 3, 4 and 5."""

from __future__ import annotations

import dataclasses

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import faults
from nova.openstack.common.idempotency import record as records
from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.answer import Replay
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.record import State
from tests.unit.common import base
from tests.unit.common import fakes
from tests.unit.common.base import ACCEPTED
from tests.unit.common.base import answers
from tests.unit.common.base import FAILED
from tests.unit.common.base import REFUSED


class RefusedTest(base.EngineTestCase):
    """4xx."""

    def test_made_nothing_so_the_token_is_free_again(self) -> None:
        for link in (None, "server"):
            with self.subTest(link=link):
                work = fakes.Work(lambda: REFUSED, link)
                self.assertEqual(REFUSED, self.send(work).answer)
                self.assertEqual([], self.store.records)

    def test_the_corrected_retry_runs_under_the_same_token(self) -> None:
        self.send(answers(REFUSED), body=b"wrong")
        reply = self.send(answers(ACCEPTED), body=b"corrected")
        self.assertEqual(ACCEPTED, reply.answer)
        self.assertIsNone(reply.replay)

    def test_after_it_made_something_it_is_replayed(self) -> None:
        work = self.linked(REFUSED)
        work.left = {base.Resource("server", "server-1", 1)}
        self.assertEqual(REFUSED, self.send(work).answer)
        again = self.send(work)
        self.assertEqual((REFUSED, 1), (again.answer, work.runs))
        self.assertIs(State.FAILED, self.row().state)

    def test_after_it_undid_what_it_made_the_token_is_free(self) -> None:
        work = self.linked(REFUSED)
        self.send(work)
        self.assertEqual([], self.store.records)
        self.send(work)
        self.assertEqual(2, work.runs)


class FailedTest(base.EngineTestCase):
    """5xx."""

    def test_not_linked_it_is_stored_and_never_run_twice(self) -> None:
        work = answers(FAILED)
        self.assertEqual(FAILED, self.send(work).answer)
        again = self.send(work)
        self.assertEqual((FAILED, 1), (again.answer, work.runs))
        self.assertEqual(Replay("req-1"), again.replay)

    def test_linked_and_nothing_committed_the_token_is_free(self) -> None:
        self.send(fakes.Work(lambda: FAILED, "server"))
        self.assertEqual([], self.store.records)
        self.assertIsNone(self.send(self.linked()).replay)

    def test_linked_and_undone_by_the_service_the_token_is_free(self) -> None:
        self.send(self.linked(FAILED))
        self.assertEqual([], self.store.records)

    def test_linked_and_committed_the_retry_gets_what_is_there(self) -> None:
        work = self.linked(FAILED)
        work.left = {base.Resource("server", "server-1", 1)}
        self.assertEqual(FAILED, self.send(work).answer)
        again = self.send(work)
        self.assertEqual(work.rebuilt, again.answer)
        self.assertEqual((1, []), (work.runs, self.clock.slept))

    def test_what_is_left_is_asked_of_the_service_not_of_memory(self) -> None:
        work = self.linked(FAILED, count=3)
        work.left = {base.Resource("server", "server-2", 2)}
        self.send(work)
        self.assertEqual(3, self.row().linked)


class LargeAnswerTest(base.EngineTestCase):
    LARGE = Answer(202, (), b"x" * 1001)

    def test_the_largest_that_is_stored(self) -> None:
        large = Answer(202, (), b"x" * 1000)
        self.send(answers(large))
        self.assertEqual(large, self.send(answers()).answer)

    def test_linked_it_is_rebuilt(self) -> None:
        work = self.linked(self.LARGE, count=2)
        self.assertEqual(self.LARGE, self.send(work).answer)
        again = self.send(work)
        self.assertEqual(work.rebuilt, again.answer)
        self.assertEqual(Replay("req-1"), again.replay)
        self.assertEqual([tuple(self.made)], work.asked_to_rebuild)
        self.assertEqual(1, work.runs)

    def test_else_it_is_lost_and_never_run_again(self) -> None:
        work = answers(self.LARGE)
        self.send(work)
        for _ in range(2):
            self.assertRaises(errors.AnswerLost, self.send, work)
        self.assertEqual(1, work.runs)

    def test_a_deleted_resource_cannot_be_rebuilt_nor_made_again(self) -> None:
        work = self.linked(self.LARGE)
        self.send(work)
        work.rebuilt = None
        self.assertRaises(errors.AnswerLost, self.send, work)
        self.assertEqual(1, work.runs)


class LostSecretTest(base.EngineTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = self.linked()
        self.send(self.work)
        self.sealer.secret = "another"

    def test_linked_it_is_rebuilt(self) -> None:
        self.assertEqual(self.work.rebuilt, self.send(self.work).answer)
        self.assertEqual(1, self.work.runs)

    def test_else_it_is_lost_and_never_run_again(self) -> None:
        self.work.rebuilt = None
        self.assertRaises(errors.AnswerLost, self.send, self.work)
        self.assertEqual(1, self.work.runs)

    def test_the_operator_is_told_and_no_secret(self) -> None:
        self.send(self.work)
        self.assertIn("answer of request req-1 cannot be", self.log.output)
        self.assertNotIn("token'", self.log.output)


class LostTokenTest(base.EngineTestCase):
    """A worker so slow that a retry took its token over."""

    def _overtaken(self, then: Answer = ACCEPTED) -> fakes.Work:
        """Return work during which a retry takes over and finishes."""

        def run() -> Answer:
            self.clock.forward(base.LEASE)
            self.send(self.linked())
            return self.create(then)

        return fakes.Work(run, "server")

    def test_its_resource_is_undone_and_it_is_told_so(self) -> None:
        self.assertRaises(errors.TokenLost, self.send, self._overtaken())
        self.assertEqual(1, len(self.made))

    def test_the_other_s_answer_stays(self) -> None:
        self.assertRaises(errors.TokenLost, self.send, self._overtaken())
        again = self.send(self.linked())
        self.assertEqual((ACCEPTED, Replay("req-2")),
                         (again.answer, again.replay))  # fmt: skip

    def test_one_that_made_nothing_changes_nothing_either(self) -> None:
        for answer in (ACCEPTED, REFUSED, FAILED):
            with self.subTest(answer.status):
                self.setUpStore()

                def run(answer: Answer = answer) -> Answer:
                    self.clock.forward(base.LEASE)
                    self.send(self.linked())
                    return answer

                reply = self.send(fakes.Work(run, "server"))
                self.assertEqual(answer, reply.answer)
                self.assertIs(State.SUCCEEDED, self.row().state)
                self.assertEqual(1, self.row().linked)

    def setUpStore(self) -> None:  # noqa: N802
        self.store = fakes.Store(
            self.clock, lease=base.LEASE * 1000, token_ttl=base.TTL * 1000
        )
        self.engine = dataclasses.replace(self.engine, store=self.store)


class UnsettledTest(base.EngineTestCase):
    """The database is lost between the operation and its settling."""

    def test_the_client_gets_its_answer(self) -> None:
        for method, work in (
            ("complete", self.linked()),
            ("complete", answers(ACCEPTED)),
            ("complete", answers(FAILED)),
            ("release", answers(REFUSED)),
            ("release", self.linked(FAILED)),
            ("resources", self.linked(FAILED)),
        ):
            self.store.broken = {method}
            with self.subTest(method):
                reply = self.send(work, token=f"token {id(work)}")
                self.assertIn(reply.answer, (ACCEPTED, REFUSED, FAILED))

    def test_linked_the_log_says_that_the_next_use_settles_it(self) -> None:
        self.store.broken = {"complete"}
        self.send(self.linked())
        self.assertIn(
            "Request req-1 was answered with 202, but its client token could "
            "not be settled; it is settled by its link",
            self.log.output,
        )

    def test_linked_the_next_use_settles_it(self) -> None:
        self.store.broken = {"complete"}
        work = self.linked()
        self.send(work)
        self.store.broken = set()
        self.clock.forward(base.LEASE)
        self.assertEqual(work.rebuilt, self.send(work).answer)
        self.assertEqual(1, work.runs)

    def test_not_linked_the_log_says_that_it_stays_unknown(self) -> None:
        self.store.broken = {"complete"}
        self.send(answers(ACCEPTED))
        self.assertIn("it stays unknown unless", self.log.output)

    def test_the_log_does_not_tell_secrets(self) -> None:
        self.store.broken = {"complete"}
        self.send(answers(Answer(202, (), b"hush")), token="hush")
        self.assertNotIn("hush", self.log.output)


class SeveralTest(base.EngineTestCase):
    """min_count: resources are committed one by one."""

    def test_all_are_bound_in_their_order(self) -> None:
        self.send(self.linked(count=3))
        self.assertEqual(3, self.row().linked)
        bound = self.store.resources(self.row().id)
        self.assertEqual(tuple(self.made), bound)

    def test_a_retry_after_a_crash_answers_the_ones_that_exist(self) -> None:
        work = self.linked(count=3)
        left = [None, None]

        def die_at_the_third(point: Point) -> None:
            if point is Point.BEFORE_COMMIT:
                if not left:
                    raise base.Died
                left.pop()

        faults.arm(die_at_the_third)
        self.dies(work)
        self.send(work)
        self.assertEqual([tuple(self.made)], work.asked_to_rebuild)
        self.assertEqual((2, 1), (len(self.made), work.runs))


class UnlinkedKindTest(base.EngineTestCase):
    def test_what_another_kind_makes_meanwhile_is_not_bound(self) -> None:
        self.send(fakes.Work(self.create, "keypair"))
        self.assertEqual(0, self.row().linked)

    def test_what_is_made_without_a_claim_is_not_bound(self) -> None:
        self.assertIsNone(records.current())
        self.create()
        self.assertEqual([], self.store.records)
