# SPDX-License-Identifier: Apache-2.0
"""Tokens that tell when they were made: protocol section 6."""

from __future__ import annotations

import ddt

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers
from tests.unit.library.base import REFUSED
from tests.unit.library.states import StatesTestCase
from tests.unit.library.states import token_of
from tests.unit.library.states import Told

_LIFE = base.TTL * 1000
#: By so much its maker's clock may be ahead.
_AHEAD = 300_000
_NOW = fakes.EPOCH


@ddt.ddt
class AgeTest(StatesTestCase):
    """Tokens that tell when they were made: section 6."""

    def test_expired(self) -> None:
        work = answers()
        token = token_of(_NOW - _LIFE - 1)
        self.assertEqual(Told("expired", 412), self.told(work, token=token))
        self.assertEqual((0, []), (work.runs, self.store.records))

    @ddt.data(_NOW - _LIFE, _NOW, _NOW + _AHEAD)
    def test_one_that_is_young_enough_runs(self, born: int) -> None:
        told = self.told(answers(ACCEPTED), token=token_of(born))
        self.assertEqual("executed", told.state)

    def test_expired_although_its_row_is_not_purged_yet(self) -> None:
        token = token_of(_NOW)
        self.send(answers(ACCEPTED), token=token)
        self.clock.forward(base.TTL + 0.001)
        work = answers()
        self.assertEqual(Told("expired", 412), self.told(work, token=token))
        self.assertEqual(0, work.runs)

    @ddt.data(1, _AHEAD)
    def test_one_whose_maker_s_clock_was_ahead_never_runs_again(
        self, ahead: int
    ) -> None:
        token = token_of(_NOW + ahead)
        self.send(answers(ACCEPTED), token=token)
        work = answers()
        # Its row has ended, and by its own clock it is still young.
        self.clock.forward(base.TTL)
        self.assertEqual("replayed", self.told(work, token=token).state)
        self.clock.forward(ahead / 1000 + 0.001)
        self.assertEqual(Told("expired", 412), self.told(work, token=token))
        self.assertEqual(0, work.runs)

    def test_one_that_was_refused_runs_again_at_once(self) -> None:
        token = token_of(_NOW)
        self.dies(self.dying(), token=token)
        self.send(self.linked(REFUSED, count=0), token=token)
        told = self.told(self.linked(), token=token, body=b"corrected")
        self.assertEqual("executed", told.state)

    def test_expired_although_its_row_was_freed_after_a_takeover(
        self,
    ) -> None:
        token = token_of(_NOW)
        self.dies(self.dying(), token=token)
        self.send(self.linked(REFUSED, count=0), token=token)
        self.clock.forward(base.TTL + 0.001)
        self.assertEqual(1, len(self.store.records))
        told = self.told(self.linked(), token=token)
        self.assertEqual(Told("expired", 412), told)

    def test_a_living_one_is_replayed_whatever_its_age(self) -> None:
        token = token_of(_NOW)

        def run() -> Answer:
            self.clock.forward(base.LEASE - 1)
            return ACCEPTED

        self.send(fakes.Work(run), token=token)
        self.clock.forward(base.TTL - 1)
        told = self.told(answers(), token=token)
        self.assertEqual("replayed", told.state)

    def test_a_dead_one_with_a_living_row_runs_whatever_its_age(
        self,
    ) -> None:
        token = token_of(_NOW)
        self.dies(self.dying(), token=token)
        self.clock.forward(base.TTL - 1)
        told = self.told(self.linked(), token=token)
        self.assertEqual("executed", told.state)

    def test_invalid_one_from_the_future(self) -> None:
        work = answers()
        token = token_of(_NOW + _AHEAD + 1)
        self.assertEqual(Told("invalid", 400), self.told(work, token=token))
        self.assertEqual((0, []), (work.runs, self.store.records))

    @ddt.data(_NOW - _LIFE - 1, _NOW + _AHEAD + 1)
    def test_both_are_told_the_server_s_time(self, born: int) -> None:
        refusal = self.assertRaises(
            errors.Refusal, self.send, answers(), token=token_of(born)
        )
        self.assertIn("Tue, 14 Nov 2023 22:13:20 GMT", str(refusal))

    @ddt.data("550e8400-e29b-41d4-a716-446655440000", "a token of mine")
    def test_others_do_not_tell(self, token: str) -> None:
        told = self.told(answers(ACCEPTED), token=token)
        self.assertEqual("executed", told.state)
        self.clock.forward(base.TTL)
        told = self.told(answers(ACCEPTED), token=token)
        self.assertEqual("executed", told.state)
