# SPDX-License-Identifier: Apache-2.0
"""The simulator: a seed gives one history, and each mutation is found."""

from __future__ import annotations

import unittest

import ddt

from simulation import campaign
from simulation import checker
from simulation import proofs
from simulation.checker import Rule
from simulation.history import Event
from simulation.history import What
from simulation.mutation import Mutation

#: Those of which any few thousand requests have one.
_VERDICTS = {
    "executed",
    "replayed",
    "rebuilt",
    "interrupted",
    "running",
    "unavailable",
    "different",
    "expired",
    "forbidden",
    "failed",
    "unknown",
    "invalid",
}


class SimulationTestCase(unittest.TestCase):
    def test_a_seed_gives_one_history(self):
        texts = [campaign.play(7, 0)[1].text() for _ in range(2)]
        self.assertEqual(texts[0].encode(), texts[1].encode())
        self.assertGreater(len(texts[0]), 10_000)

    def test_another_seed_gives_another_history(self):
        first, second = (campaign.play(seed, 0)[0] for seed in (7, 8))
        self.assertNotEqual(first.digest, second.digest)

    def test_nothing_is_found_in_the_engine_as_it_is(self):
        total = campaign.run(3_000, seed=1)
        self.assertGreaterEqual(total.requests, 3_000)
        self.assertEqual([], list(map(str, total.violations)))

    def test_it_comes_to_the_answers_of_the_protocol(self):
        verdicts = campaign.run(3_000, seed=1).verdicts
        missing = _VERDICTS - verdicts.keys()
        self.assertEqual(set(), missing)


class EndsTestCase(unittest.TestCase):
    """Answers that tell when a token ends."""

    def found(self, kind, *ends):
        told = [Event(0, What.TOKEN, 0, "", (kind, 1, False, 0))]
        told.append(Event(0, What.RUNS, 0, "r-0", (True,)))
        for number, end in enumerate(ends):
            subject = "r-0" if number else ""
            said = subject, end
            told.append(Event(1, What.TOLD_END, 0, f"r-{number}", said))
        return [rule for rule, _ in checker.of_token(told)]

    def test_they_tell_the_same(self):
        self.assertEqual([], self.found("thing", 5, 5))
        self.assertEqual([Rule.OTHER_END], self.found("thing", 5, 6))

    def test_a_server_puts_it_off(self):
        self.assertEqual([], self.found("servers", 5, 6))


@ddt.ddt
class MutationTestCase(unittest.TestCase):
    """Each is found within 20,000 requests of a stated seed."""

    @ddt.data(*Mutation)
    def test_it_finds_out(self, mutation):
        found, requests = proofs.finds(mutation)
        self.assertTrue(found, f"not within {requests} requests")
