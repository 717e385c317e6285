# SPDX-License-Identifier: Apache-2.0
"""How long the command that purges pauses between two batches."""

from __future__ import annotations

import itertools

import fixtures
import testtools

from openstack_idempotency.commands import purge
from openstack_idempotency.sql.purge import Batch


class PauseTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 0.0
        self.slept: list[float] = []
        self.replace("time.monotonic", lambda: self.now)
        self.replace("time.sleep", self.slept.append)

    def replace(self, name: str, value: object) -> None:
        place = f"openstack_idempotency.commands.purge.{name}"
        self.useFixture(fixtures.MonkeyPatch(place, value))

    def batches(self, sleep: float | None, *seconds: float) -> list[int]:
        """Run batches of two tokens, and a last one of one.

        :param sleep: what the operator asked for
        :param seconds: how long each of them takes
        """
        steps = iter(seconds)
        keys = itertools.count(1)

        def step(limit: int) -> Batch:
            self.now += next(steps)
            number = next(keys)
            last = number == len(seconds)
            return Batch((number,) if last else (number, -number), 2 - last)

        return list(purge._batches(step, 2, sleep))

    def test_it_is_as_long_as_the_batch_took(self):
        self.assertEqual([2, 2, 1], self.batches(None, 0.5, 4.0, 0.25))
        self.assertEqual([0.5, 4.0], self.slept)

    def test_it_is_what_was_asked_for(self):
        self.assertEqual([2, 2, 1], self.batches(7.0, 0.5, 4.0, 0.25))
        self.assertEqual([7.0, 7.0], self.slept)

    def test_nobody_has_to_pause(self):
        self.assertEqual([2, 1], self.batches(0.0, 0.5, 0.25))
        self.assertEqual([0.0], self.slept)
