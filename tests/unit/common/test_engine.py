# SPDX-License-Identifier: Apache-2.0
"""First uses, repetitions and waiting: protocol sections 2 and 3."""

from __future__ import annotations

import dataclasses

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import record as records
from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.answer import Replay
from nova.openstack.common.idempotency.digest import Digests
from nova.openstack.common.idempotency.sameness import Scope
from tests.unit.common import base
from tests.unit.common import fakes
from tests.unit.common.base import ACCEPTED
from tests.unit.common.base import answers


class FirstUseTest(base.EngineTestCase):
    def test_it_gets_the_service_s_own_answer(self) -> None:
        reply = self.send(answers(ACCEPTED))
        self.assertEqual(ACCEPTED, reply.answer)
        self.assertIsNone(reply.replay)

    def test_it_runs_under_its_claim(self) -> None:
        seen: list[records.Claim | None] = []

        def see() -> Answer:
            seen.append(records.current())
            return ACCEPTED

        self.send(fakes.Work(see, "server"))
        (claim,) = seen
        assert claim is not None
        self.assertEqual(self.row().owner, claim.owner)
        self.assertEqual((self.row().id, "server"), (claim.id, claim.link))
        self.assertIsNone(records.current())

    def test_it_keeps_its_lease_while_it_runs(self) -> None:
        kept: list[bool] = []
        beating: list[records.Claim] = []

        class Heartbeat(base.NoHeartbeat):
            def keep(self, claim: records.Claim) -> object:
                beating.append(claim)
                return super().keep(claim)

        engine = dataclasses.replace(self.engine, heartbeat=Heartbeat())
        self.engine = engine

        def see() -> Answer:
            kept.append(beating == [records.current()])
            return ACCEPTED

        self.send(fakes.Work(see))
        self.assertEqual([True], kept)

    def test_the_token_ends_its_life_after_the_first_answer(self) -> None:
        def work() -> Answer:
            self.clock.forward(7.25)
            return ACCEPTED

        reply = self.send(fakes.Work(work))
        ends = fakes.EPOCH + 7250 + base.TTL * 1000
        self.assertEqual(ends, reply.expires_at)
        self.assertEqual(ends, self.row().expires_at)

    def test_what_is_stored_is_sealed_for_token_and_row(self) -> None:
        self.send(answers(ACCEPTED))
        sealed = self.row().sealed
        assert sealed is not None
        opened = self.sealer.open("token", self.row().digest, sealed)
        assert opened is not None
        self.assertEqual(ACCEPTED, Answer.load(opened))


class RepetitionTest(base.EngineTestCase):
    def test_it_gets_the_first_answer_and_runs_nothing(self) -> None:
        first = self.send(answers(ACCEPTED))
        work = answers()
        self.clock.forward(100)
        again = self.send(work)
        self.assertEqual(ACCEPTED, again.answer)
        self.assertEqual(Replay("req-1"), again.replay)
        self.assertEqual(first.expires_at, again.expires_at)
        self.assertEqual(0, work.runs)

    def test_it_can_be_repeated_any_number_of_times(self) -> None:
        self.send(answers(ACCEPTED))
        for _ in range(5):
            again = self.send(answers())
            self.assertEqual(Replay("req-1"), again.replay)

    def test_a_different_request_is_refused_and_runs_nothing(self) -> None:
        self.send(answers(ACCEPTED))
        work = answers()
        self.assertRaises(
            errors.DifferentRequest, self.send, work, body=b"other"
        )
        self.assertEqual(0, work.runs)
        self.assertEqual(ACCEPTED, self.send(answers()).answer)

    def test_the_same_token_in_another_scope_is_unrelated(self) -> None:
        for scope in (
            base.SCOPE,
            Scope("project", "user", "POST /os-keypairs"),
            Scope("project", "another", "POST /servers"),
            Scope("another", "user", "POST /servers"),
        ):
            reply = self.send(answers(ACCEPTED), scope=scope, body=b"any")
            self.assertIsNone(reply.replay)

    def test_it_is_known_under_a_secret_that_is_rotated_out(self) -> None:
        self.send(answers(ACCEPTED))
        rotated = Digests([b"2" * 32, b"1" * 32])
        self.engine = dataclasses.replace(self.engine, digests=rotated)
        again = self.send(answers())
        self.assertEqual(Replay("req-1"), again.replay)

    def test_after_its_life_it_is_a_new_request(self) -> None:
        self.send(answers(ACCEPTED))
        self.clock.forward(base.TTL)
        reply = self.send(answers(ACCEPTED), body=b"another")
        self.assertIsNone(reply.replay)
        self.assertEqual("req-2", self.row().request_id)

    def test_just_before_its_end_it_is_replayed(self) -> None:
        self.send(answers(ACCEPTED))
        self.clock.forward(base.TTL - 0.001)
        self.assertEqual(Replay("req-1"), self.send(answers()).replay)


class WaitingTest(base.EngineTestCase):
    """Another worker runs the first request; time passes when told."""

    def _while_running(self, work: fakes.Work, **how: object) -> list[object]:
        """Repeat a request while its first one runs."""
        seen: list[object] = []

        def meanwhile() -> Answer:
            try:
                seen.append(self.send(work, **how))  # type: ignore[arg-type]
            except errors.Refusal as refusal:
                seen.append(type(refusal))
            return ACCEPTED

        self.send(fakes.Work(meanwhile))
        return seen

    def test_it_waits_no_longer_than_the_limit_then_says_so(self) -> None:
        work = answers()
        self.assertEqual([errors.InProgress], self._while_running(work))
        self.assertEqual(0, work.runs)
        self.assertAlmostEqual(5, sum(self.clock.slept), delta=0.2)

    def test_without_a_limit_it_does_not_sleep(self) -> None:
        self.limit(wait_timeout=0)
        self.assertEqual([errors.InProgress], self._while_running(answers()))
        self.assertEqual([], self.clock.slept)

    def test_a_different_request_does_not_wait(self) -> None:
        seen = self._while_running(answers(), body=b"other")
        self.assertEqual([errors.DifferentRequest], seen)
        self.assertEqual([], self.clock.slept)

    def test_it_gets_the_answer_as_soon_as_it_is_there(self) -> None:
        self.store.before["claim"] = lambda: self.clock.after(
            1, self.elsewhere().finish
        )
        work = answers()
        reply = self.send(work)
        self.assertEqual(0, work.runs)
        self.assertEqual(Replay("req-elsewhere"), reply.replay)
        self.assertEqual(ACCEPTED, reply.answer)
        self.assertLess(sum(self.clock.slept), 1.2)

    def test_it_runs_when_the_first_one_frees_the_token(self) -> None:
        self.store.before["claim"] = lambda: self.clock.after(
            1, self.elsewhere().release
        )
        work = answers(ACCEPTED)
        self.assertIsNone(self.send(work).replay)
        self.assertEqual(1, work.runs)

    def test_it_takes_over_when_the_lease_ends(self) -> None:
        self.elsewhere()
        self.clock.forward(base.LEASE - 1)
        work = self.linked()
        self.assertIsNone(self.send(work).replay)
        self.assertEqual(1, work.runs)
        self.assertAlmostEqual(1, sum(self.clock.slept), 0)

    def test_of_two_that_come_at_once_one_runs(self) -> None:
        work = answers()
        self.store.before["claim"] = lambda: self.elsewhere().finish()
        self.assertEqual(Replay("req-elsewhere"), self.send(work).replay)
        self.assertEqual(0, work.runs)
        self.assertEqual(1, len(self.store.records))


class UnavailableTest(base.EngineTestCase):
    def test_without_the_table_nothing_runs(self) -> None:
        for method in ("look", "claim"):
            with self.subTest(method):
                self.store.broken = {method}
                work = answers()
                self.assertRaises(errors.Unavailable, self.send, work)
                self.assertEqual(0, work.runs)
