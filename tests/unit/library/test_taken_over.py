# SPDX-License-Identifier: Apache-2.0
"""A worker so slow that a retry took its token over: sections 3 and 5."""

from __future__ import annotations

import typing as ty

import ddt

from openstack_idempotency.engine import claim as claims
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
from tests.unit.library.base import FORBIDDEN
from tests.unit.library.base import REBUILT
from tests.unit.library.base import REFUSED

# What the service said to it in the end.
_LATE = (ACCEPTED, FORBIDDEN, REFUSED, FAILED)


@ddt.ddt
class LinkedTest(base.EngineTestCase):
    """Whatever it is answered then: it does not hold its token any more."""

    def _overtaken(self, then: Answer, *, creates: bool) -> fakes.Work:
        """Return work during which a retry takes over and finishes."""

        def run() -> Answer:
            self.clock.forward(base.LEASE)
            self.send(self.linked())
            return self.create(then) if creates else then

        return fakes.Work(run, "server")

    @ddt.data(*_LATE)
    def test_what_it_makes_is_undone_and_it_is_told_so(
        self, then: Answer
    ) -> None:
        work = self._overtaken(then, creates=True)
        self.refused(errors.TakenOver, work, "req-2")
        self.assertEqual(1, len(self.made))

    @ddt.data(*_LATE)
    def test_one_that_makes_nothing_is_told_so_too(self, then: Answer) -> None:
        work = self._overtaken(then, creates=False)
        self.refused(errors.TakenOver, work, "req-2")
        self.assertIs(State.SUCCEEDED, self.row().state)
        self.assertEqual(1, self.row().bound)

    @ddt.data(*_LATE)
    def test_the_other_s_answer_stays(self, then: Answer) -> None:
        work = self._overtaken(then, creates=False)
        self.assertRaises(errors.TakenOver, self.send, work)
        again = self.send(self.linked())
        self.assert_told(again, Verdict.REPLAYED, ACCEPTED, "req-2")

    @ddt.data(*_LATE)
    def test_after_it_made_something_it_is_told_of_itself(
        self, then: Answer
    ) -> None:
        def run() -> Answer:
            self.create()
            self.clock.forward(base.LEASE)
            reply = self.send(self.linked())
            self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")
            return then

        # The row goes on to speak of the request that made the resource.
        self.refused(errors.TakenOver, fakes.Work(run, "server"), "req-1")
        again = self.send(self.linked())
        self.assert_told(again, Verdict.REBUILT, REBUILT, "req-1")

    @ddt.data(REFUSED, FAILED)
    def test_while_it_asks_what_is_left(self, then: Answer) -> None:
        # Between the two steps in which a failed request is settled.
        work = self.linked(then)
        work.left = {Resource("server", "server-1", "1")}

        def overtake() -> None:
            self.clock.forward(base.LEASE)
            self.send(self.linked())

        self.store.before["unbind"] = overtake
        self.refused(errors.TakenOver, work, "req-1")
        self.assertIs(State.SUCCEEDED, self.row().state)

    def test_the_one_that_has_it_need_not_be_known(self) -> None:
        self.store.broken = {"holder"}
        work = self._overtaken(ACCEPTED, creates=False)
        self.refused(errors.TakenOver, work)


@ddt.ddt
class NotTakenOverTest(base.EngineTestCase):
    """The fence stopped it, but nobody has its token: a node lagged behind."""

    @ddt.data(*_LATE)
    def test_the_next_try_runs_at_once(self, then: Answer) -> None:
        def run() -> Answer:
            claim = claims.current()
            assert claim is not None
            claim.lost = True
            return then

        self.refused(errors.Unavailable, fakes.Work(run, "server"))
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual([], self.clock.slept)

    def test_out_of_reach_the_next_request_tells(self) -> None:
        def run() -> Answer:
            claim = claims.current()
            assert claim is not None
            claim.lost = True
            self.store.broken = {"abandon"}
            return FAILED

        self.refused(errors.Unavailable, fakes.Work(run, "server"))


@ddt.ddt
class NotLinkedTest(base.EngineTestCase):
    """It took effect, and nobody runs it again: it is given its answer."""

    @ddt.data(
        (ACCEPTED, Verdict.EXECUTED),
        (REFUSED, Verdict.EXECUTED),
        (FAILED, Verdict.FAILED),
    )
    @ddt.unpack
    def test_its_answer_is_given(self, then: Answer, verdict: Verdict) -> None:
        def run() -> Answer:
            self.clock.forward(base.LEASE)
            self.refused(errors.Unknown, answers(), "req-1")
            return then

        reply = self.send(fakes.Work(run))
        self.assert_told(reply, verdict, then)
        self.assertIsNone(reply.expires_at)
        self.assertIs(State.UNKNOWN, self.row().state)


class UntoldTest(base.EngineTestCase):
    """It took the row, but was told that somebody else had.

    Its connection broke in the commit, and when the store tried again,
    another transaction had the row locked.
    """

    def _untold(self, method: str) -> None:
        take = getattr(self.store, method)

        def take_in_silence(*given: ty.Any) -> ty.Any:
            setattr(self.store, method, take)
            taken = take(*given)
            return None if method == "claim" else not taken

        setattr(self.store, method, take_in_silence)

    def test_of_a_claim_it_runs(self) -> None:
        self._untold("claim")
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        self.assertEqual([], self.clock.slept)

    def test_of_a_run_it_runs(self) -> None:
        self.dies(fakes.Work(self.deadly(), "server"))
        self._untold("rerun")
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)

    def test_of_a_recovery_it_recovers(self) -> None:
        self.dies(self.dying(self.create))
        self._untold("recover")
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.REBUILT, REBUILT, "req-1")

    def test_of_one_that_asks_the_service_it_asks(self) -> None:
        self.dies(fakes.Work(self.deadly()))
        self._untold("recover")
        self.refused(errors.Unknown, answers(ACCEPTED), "req-1")

    def test_one_that_is_never_told_gives_it_back(self) -> None:
        self.dies(fakes.Work(self.deadly(), "server"))
        take = self.store.rerun
        self.store.rerun = lambda *given: not take(*given)  # type: ignore[method-assign]
        self.refused(errors.Running, self.linked())
        self.assertEqual(1, len(self.returned.uses))
        self.store.rerun = take  # type: ignore[method-assign]
        self.returned.give_back()
        reply = self.send(self.linked())
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
