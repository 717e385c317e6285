# SPDX-License-Identifier: Apache-2.0
"""First uses, retries and waiting: protocol sections 2 and 3."""

from __future__ import annotations

import contextlib
import typing as ty

import ddt

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import record as records
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.scope import Scope
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers


class FirstUseTest(base.EngineTestCase):
    def test_it_runs_under_its_claim(self) -> None:
        seen: list[Claim | None] = []

        def see() -> Answer:
            seen.append(claims.current())
            return ACCEPTED

        self.send(fakes.Work(see, "server"))
        (claim,) = seen
        assert claim is not None
        self.assertEqual(self.row().owner, claim.owner)
        self.assertEqual((self.row().id, "server"), (claim.id, claim.link))
        self.assertFalse(claim.shared)
        self.assertIsNone(claims.current())

    def test_its_row_says_what_it_asks_and_who(self) -> None:
        self.send(self.linked())
        row = self.row()
        self.assertEqual((True, base.ROLES, 202),
                         (row.linked, row.roles, row.status))  # fmt: skip

    def test_one_that_is_not_linked_says_so(self) -> None:
        self.send(answers(ACCEPTED))
        self.assertFalse(self.row().linked)

    def test_it_keeps_its_lease_while_it_runs(self) -> None:
        kept: list[bool] = []
        beating: list[Claim] = []

        class Heartbeat(base.NoHeartbeat):
            @contextlib.contextmanager
            def keep(self, claim: Claim) -> ty.Iterator[None]:
                beating.append(claim)
                yield
                beating.remove(claim)

        self.change(heartbeat=Heartbeat())

        def see() -> Answer:
            kept.append(beating == [claims.current()])
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

    def test_what_is_stored_is_sealed_for_token_and_place(self) -> None:
        self.send(answers(ACCEPTED))
        sealed = self.row().sealed
        assert sealed is not None
        place = records.place(
            self.row().digest,
            digest.target(base.SCOPE),
            State.SUCCEEDED,
            202,
        )
        opened = self.sealer.open("token", place, sealed)
        assert opened is not None
        self.assertEqual(ACCEPTED, Answer.load(opened))

    def test_it_costs_a_look_a_claim_and_a_settling(self) -> None:
        self.send(answers(ACCEPTED))
        self.assertEqual(["look", "claim", "complete"], self.store.calls)

    def test_refused_it_costs_a_look_a_claim_and_a_release(self) -> None:
        self.send(self.linked(base.REFUSED, count=0))
        self.assertEqual(["look", "claim", "free"], self.store.calls)


@ddt.ddt
class RetryTest(base.EngineTestCase):
    def test_it_costs_a_look_and_runs_nothing(self) -> None:
        self.send(answers(ACCEPTED))
        self.store.calls.clear()
        work = answers()
        self.send(work)
        self.assertEqual(["look"], self.store.calls)
        self.assertEqual(0, work.runs)

    def test_the_end_of_its_life_stays(self) -> None:
        first = self.send(answers(ACCEPTED))
        self.clock.forward(100)
        self.assertEqual(first.expires_at, self.send(answers()).expires_at)

    def test_it_can_be_sent_any_number_of_times(self) -> None:
        self.send(answers(ACCEPTED))
        for _ in range(5):
            again = self.send(answers())
            self.assert_told(again, Verdict.REPLAYED, ACCEPTED, "req-1")

    @ddt.data(
        Scope("project", "user", "POST /os-keypairs"),
        Scope("project", "another", "POST /servers"),
        Scope("another", "user", "POST /servers"),
    )
    def test_the_same_token_in_another_scope_is_unrelated(
        self, scope: Scope
    ) -> None:
        self.send(answers(ACCEPTED))
        reply = self.send(answers(ACCEPTED), scope=scope, body=b"any")
        self.assertIs(Verdict.EXECUTED, reply.verdict)

    def test_it_is_known_under_a_secret_that_is_rotated_out(self) -> None:
        self.send(answers(ACCEPTED))
        self.change(digests=Digests([b"2" * 32, b"1" * 32]))
        again = self.send(answers())
        self.assert_told(again, Verdict.REPLAYED, ACCEPTED, "req-1")

    def test_after_its_life_it_is_a_new_request(self) -> None:
        self.send(answers(ACCEPTED))
        self.clock.forward(base.TTL)
        reply = self.send(answers(ACCEPTED), body=b"another")
        self.assertIs(Verdict.EXECUTED, reply.verdict)
        self.assertEqual("req-2", self.row().request_id)

    def test_just_before_its_end_it_is_replayed(self) -> None:
        self.send(answers(ACCEPTED))
        self.clock.forward(base.TTL - 0.001)
        self.assertIs(Verdict.REPLAYED, self.send(answers()).verdict)


@ddt.ddt
class GivenBackTest(base.EngineTestCase):
    """A claim whose commit went through while its connection broke."""

    def test_a_claim_is_given_back_since_it_never_ran(self) -> None:
        self.store.cut = {"claim"}
        work = answers(ACCEPTED)
        self.assertRaises(errors.Unavailable, self.send, work)
        self.assertEqual(0, work.runs)
        self.store.cut = set()
        self.returned.give_back()
        reply = self.send(work, body=b"another")
        self.assertIs(Verdict.EXECUTED, reply.verdict)
        self.assertEqual([], self.clock.slept)

    def test_a_rerun_is_given_back(self) -> None:
        self.dies(self.dying())
        self.store.cut = {"rerun"}
        self.assertRaises(errors.Unavailable, self.send, self.linked())
        self.store.cut = set()
        self.returned.give_back()
        self.assertIs(Verdict.EXECUTED, self.send(self.linked()).verdict)
        self.assertEqual(([], 1), (self.clock.slept, len(self.made)))

    def test_a_recovery_is_given_back_with_what_is_bound(self) -> None:
        self.dies(self.dying(self.create))
        self.store.cut = {"recover"}
        self.assertRaises(errors.Unavailable, self.send, self.linked())
        self.store.cut = set()
        self.returned.give_back()
        work = self.linked()
        reply = self.send(work)
        self.assert_told(reply, Verdict.REBUILT, base.REBUILT, "req-1")
        self.assertEqual(([], 0), (self.clock.slept, work.runs))

    @ddt.data("look", "resources", "complete", "free")
    def test_nothing_else_is(self, method: str) -> None:
        self.store.broken = {method}
        with contextlib.suppress(errors.Unavailable):
            self.send(self.linked(base.FAILED))
        self.assertEqual([], self.returned.uses)


class ChosenIdTest(base.EngineTestCase):
    """A client may choose a request's id, and the same one for its retry."""

    def _send(self, work: fakes.Work) -> Reply:
        return self.send(work, chosen="req-chosen")

    def test_what_the_first_one_made_is_found(self) -> None:
        self.dies(self.dying(self.create), chosen="req-chosen")
        work = self.linked()
        reply = self._send(work)
        self.assert_told(reply, Verdict.REBUILT, base.REBUILT, "req-chosen")
        self.assertEqual((0, 1), (work.runs, len(self.made)))

    def test_what_became_of_the_first_one_stays_unknown(self) -> None:
        self.dies(fakes.Work(self.deadly()), chosen="req-chosen")
        self.store.cut = {"recover"}
        self.assertRaises(errors.Unavailable, self._send, answers(ACCEPTED))
        self.store.cut = set()
        self.returned.give_back()
        work = answers(ACCEPTED)
        self.assertRaises(errors.Unknown, self._send, work)
        self.assertEqual(0, work.runs)


class PartsTest(base.EngineTestCase):
    def test_an_engine_on_real_time_and_threads_answers_too(self) -> None:
        parts = self.engine.parts
        self.engine = Engine(
            Parts.of(
                self.store,
                parts.digests,
                self.sealer,
                parts.limits,
                lease=0.03,  # its thread ends soon after the test
            )
        )
        reply = self.send(answers(ACCEPTED))
        self.assert_told(reply, Verdict.EXECUTED, ACCEPTED)
        again = self.send(answers())
        self.assert_told(again, Verdict.REPLAYED, ACCEPTED, "req-1")
