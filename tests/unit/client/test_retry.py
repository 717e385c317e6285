# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import testtools

from openstack_idempotency_client import retry
from openstack_idempotency_client.outcome import Fault
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State
from openstack_idempotency_client.retry import Decision
from openstack_idempotency_client.retry import Step

BUSY = Outcome(status=503)


def decide(outcome=BUSY, policy=None, **changed):
    given = {"attempt": 1, "elapsed": 0.0, "budget": 500, "chance": 1.0}
    return retry.decide(outcome, policy or retry.Policy(), **given | changed)


class DecideTest(testtools.TestCase):
    def test_states(self):
        again = {s for s in State
                 if decide(Outcome(500, s)).step is Step.AGAIN}  # fmt: skip
        self.assertEqual(
            {"interrupted", "running", "taken-over", "unavailable",
             "too-many"},
            again,
        )  # fmt: skip

    def test_a_state_outweighs_the_status(self):
        self.assertEqual(
            Step.DONE, decide(Outcome(503, State.EXECUTED)).step
        )

    def test_statuses_without_a_state(self):
        again = {n for n in range(200, 600)
                 if decide(Outcome(n)).step is Step.AGAIN}  # fmt: skip
        self.assertEqual({408, 429, 502, 503, 504}, again)

    def test_faults(self):
        again = {f for f in Fault
                 if decide(Outcome(fault=f)).step is Step.AGAIN}  # fmt: skip
        self.assertEqual({Fault.NOT_SENT, Fault.UNANSWERED}, again)

    def test_three_attempts(self):
        steps = [decide(attempt=number).step for number in (1, 2, 3)]
        self.assertEqual([Step.AGAIN, Step.AGAIN, Step.GIVE_UP], steps)

    def test_full_jitter(self):
        """From nothing up to 50 ms, doubled each time, up to 20 s."""
        policy = retry.Policy(attempts=99, seconds=1e9)
        longest = [
            decide(policy=policy, attempt=number).delay
            for number in (1, 2, 3, 9, 10, 50)
        ]
        self.assertEqual([0.05, 0.1, 0.2, 12.8, 20, 20], longest)
        self.assertEqual(0, decide(chance=0.0).delay)

    def test_retry_after_up_to_two_minutes(self):
        def after(seconds):
            return decide(Outcome(503, retry_after=seconds), chance=0.5)

        self.assertEqual(120.025, after(120).delay)
        self.assertEqual(Step.GIVE_UP, after(121).step)
        self.assertIn("wait 121 s", after(121).reason)

    def test_total_time(self):
        self.assertEqual(Step.AGAIN, decide(elapsed=299.9).step)
        self.assertEqual(Step.GIVE_UP, decide(elapsed=299.99).step)

    def test_cost(self):
        self.assertEqual(14, decide().cost)
        self.assertEqual(5, decide(Outcome(429)).cost)
        self.assertEqual(5, decide(Outcome(429, State.TOO_MANY)).cost)

    def test_budget(self):
        self.assertEqual(Step.AGAIN, decide(budget=14).step)
        self.assertEqual(Step.GIVE_UP, decide(budget=13).step)
        self.assertEqual(Step.AGAIN, decide(Outcome(429), budget=5).step)

    def test_nothing_is_said_where_nothing_helps(self):
        self.assertEqual(Decision(Step.DONE), decide(Outcome(202)))


class BudgetTest(testtools.TestCase):
    def test_thirty_five_retries_and_no_more(self):
        budget = retry.Budget()
        self.assertEqual(
            35, sum(budget.take(retry.COST) for _ in range(100))
        )

    def test_a_success_gives_one_back_up_to_the_size(self):
        budget = retry.Budget()
        budget.give()
        self.assertEqual(500, budget.left)
        budget.take(14)
        budget.give()
        self.assertEqual(487, budget.left)
