# SPDX-License-Identifier: Apache-2.0
"""Requests whose outcome cannot be stored, or whose run ends by an error."""

from __future__ import annotations

import typing as ty

import ddt

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Verdict
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers
from tests.unit.library.base import FAILED
from tests.unit.library.base import REBUILT
from tests.unit.library.base import REFUSED


class UnsettledCase(ty.NamedTuple):
    """What is out of reach, and what the request does meanwhile."""

    method: str
    linked: bool
    answer: Answer


_UNSETTLED = (
    UnsettledCase("complete", True, ACCEPTED),
    UnsettledCase("free", True, FAILED),
    UnsettledCase("free", True, REFUSED),
    UnsettledCase("unbind", True, FAILED),
    UnsettledCase("complete", False, ACCEPTED),
    UnsettledCase("complete", False, FAILED),
    UnsettledCase("free", False, REFUSED),
)


@ddt.ddt
class UnsettledTest(base.EngineTestCase):
    """The database is lost between the operation and its settling."""

    @ddt.data(*((case,) for case in _UNSETTLED if case.linked))
    @ddt.unpack
    def test_linked_the_next_try_tells(self, case: UnsettledCase) -> None:
        self.store.broken = {case.method}
        self.refused(errors.Unavailable, self.linked(case.answer))

    @ddt.data(*((case,) for case in _UNSETTLED if not case.linked))
    @ddt.unpack
    def test_not_linked_the_client_gets_its_answer(
        self, case: UnsettledCase
    ) -> None:
        self.store.broken = {case.method}
        failed = case.answer is FAILED
        verdict = Verdict.FAILED if failed else Verdict.EXECUTED
        reply = self.send(answers(case.answer))
        self.assert_told(reply, verdict, case.answer)
        self.assertIsNone(reply.expires_at)

    def test_linked_the_log_says_that_the_next_retry_recovers_it(
        self,
    ) -> None:
        self.store.broken = {"complete"}
        self.refused(errors.Unavailable, self.linked())
        self.assertIn(
            "Request req-1 ended with 202, but what became of its client "
            "token could not be stored; the next retry will recover it",
            self.log.output,
        )

    def test_linked_the_next_try_recovers_it(self) -> None:
        self.store.broken = {"complete"}
        work = self.linked()
        self.refused(errors.Unavailable, work)
        self.store.broken = set()
        self.clock.forward(base.LEASE)
        self.assert_told(self.send(work), Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual(1, work.runs)

    def test_linked_and_stored_all_the_same_the_next_try_gets_it(
        self,
    ) -> None:
        self.store.cut = {"complete"}
        work = self.linked()
        self.refused(errors.Unavailable, work)
        self.store.cut = set()
        self.assert_told(self.send(work), Verdict.REPLAYED, ACCEPTED, "req-1")

    def test_not_linked_the_log_says_that_it_stays_unknown(self) -> None:
        self.store.broken = {"complete"}
        self.send(answers(ACCEPTED))
        self.assertIn("it stays unknown unless", self.log.output)

    def test_the_log_does_not_tell_secrets(self) -> None:
        self.store.broken = {"complete"}
        self.send(answers(Answer(202, (), b"hush")), token="hush")
        self.assertNotIn("hush", self.log.output)


@ddt.ddt
class LeaseEndsTest(base.EngineTestCase):
    """The lease ends with the run, however that ends: section 6."""

    def _raising(self, error: BaseException, link: str | None) -> fakes.Work:
        def run() -> Answer:
            raise error

        return fakes.Work(run, link)

    @ddt.data(SystemExit, KeyboardInterrupt, MemoryError, ValueError)
    def test_linked_the_next_try_runs_at_once(
        self, error: type[BaseException]
    ) -> None:
        work = self._raising(error(), "server")
        self.assertRaises(error, self.send, work)
        self.assertIs(Verdict.EXECUTED, self.send(self.linked()).verdict)
        self.assertEqual([], self.clock.slept)

    @ddt.data(SystemExit, KeyboardInterrupt, MemoryError, ValueError)
    def test_not_linked_the_next_try_is_told_at_once(
        self, error: type[BaseException]
    ) -> None:
        self.assertRaises(error, self.send, self._raising(error(), None))
        self.refused(errors.Unknown, answers(), "req-1")
        self.assertEqual([], self.clock.slept)

    def test_what_is_made_by_then_is_recovered_at_once(self) -> None:
        def run() -> Answer:
            self.create()
            raise SystemExit

        self.assertRaises(SystemExit, self.send, fakes.Work(run, "server"))
        again = self.send(self.linked())
        self.assert_told(again, Verdict.REBUILT, REBUILT, "req-1")
        self.assertEqual([], self.clock.slept)

    @ddt.data("seal", "complete")
    def test_an_end_while_it_is_settled_ends_it_too(self, step: str) -> None:
        def stop(*_: ty.Any) -> ty.NoReturn:
            raise SystemExit

        if step == "seal":
            self.patch(self.sealer, "seal", stop)
        else:
            self.store.before["complete"] = stop
        self.assertRaises(SystemExit, self.send, self.linked())
        self.assertEqual(0, self.row().lease_until)

    def test_the_error_comes_through_without_the_database(self) -> None:
        self.store.broken = {"abandon"}
        work = self._raising(SystemExit(), "server")
        self.assertRaises(SystemExit, self.send, work)
