# SPDX-License-Identifier: Apache-2.0
"""Whether to send a request again, and when: a pure function, and a budget.

The figures are those that AWS's SDKs have in 2026, whose retries are safe by
tokens of the same kind.
"""

from __future__ import annotations

import dataclasses
import enum
import threading

from openstack_idempotency_client.outcome import Fault
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State

FIRST_DELAY = 0.05
LONGEST_DELAY = 20.0
LONGEST_RETRY_AFTER = 120.0

BUDGET = 500
COST = 14
COST_WHEN_THROTTLED = 5
GAIN = 1

TRANSIENT_STATES = frozenset(
    {
        State.INTERRUPTED,
        State.RUNNING,
        State.TAKEN_OVER,
        State.UNAVAILABLE,
        State.TOO_MANY,
    }
)
# Where the answer does not say what became of the request.
TRANSIENT_STATUSES = frozenset({408, 429, 502, 503, 504})


@dataclasses.dataclass(frozen=True)
class Policy:
    """How far to go.

    :param attempts: how often to send it, the first time included
    :param seconds: how long to go on, from the first time on
    :param statuses: those that are worth a retry, besides the usual ones
    """

    attempts: int = 3
    seconds: float = 300.0
    statuses: frozenset[int] = frozenset()


class Step(enum.Enum):
    """What to do after a try."""

    DONE = "done"
    AGAIN = "again"
    GIVE_UP = "give up"


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do, and for AGAIN when and at what cost.

    :param delay: seconds to wait before
    :param cost: what it takes from the budget
    :param reason: why it is given up although another try may help
    """

    step: Step
    delay: float = 0.0
    cost: int = 0
    reason: str = ""


def decide(
    outcome: Outcome,
    policy: Policy,
    *,
    attempt: int,
    elapsed: float,
    budget: int,
    chance: float,
) -> Decision:
    """Return what to do after a try of a request with a token.

    :param outcome: what came of it
    :param policy: how far to go
    :param attempt: which try it was, from 1
    :param elapsed: seconds since the first try began
    :param budget: what is left for retries in this process
    :param chance: a random number from 0 to 1
    """
    if not is_transient(outcome, policy):
        return Decision(Step.DONE)
    if attempt >= policy.attempts:
        return _give_up(f"it was sent {_times(attempt)}")
    asked = outcome.retry_after or 0.0
    if asked > LONGEST_RETRY_AFTER:
        return _give_up(f"the server asks to wait {asked:.0f} s")
    delay = asked + chance * longest_delay(attempt)
    if elapsed + delay > policy.seconds:
        return _give_up(overdue(policy))
    throttled = outcome.status == 429
    cost = COST_WHEN_THROTTLED if throttled else COST
    if budget < cost:
        return overspent()
    return Decision(Step.AGAIN, delay, cost)


def overspent() -> Decision:
    """Give up, since the budget of this process is spent."""
    return _give_up("too many requests of this process had to be repeated")


def overdue(policy: Policy) -> str:
    """Say that its time is over.

    :param policy: how far to go
    """
    return f"{policy.seconds:.0f} s are over"


def is_transient(outcome: Outcome, policy: Policy) -> bool:
    """Tell whether the same request may end otherwise a little later.

    :param outcome: what came of it
    :param policy: what else its user wants to be repeated
    """
    if outcome.fault is not None:
        return outcome.fault is not Fault.NOT_TRUSTED
    if outcome.state is not None:
        return outcome.state in TRANSIENT_STATES
    return outcome.status in TRANSIENT_STATUSES | policy.statuses


def longest_delay(attempt: int) -> float:
    """Return the most seconds to wait after a try, without Retry-After.

    The delay is chosen from the whole span below (full jitter), so that
    clients that failed together do not come back together.

    :param attempt: which try it was, from 1
    """
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (attempt - 1)))


class Budget:
    """What a process may spend on retries: they end when most of them fail.

    :param size: at the start, and at most
    """

    def __init__(self, size: int = BUDGET) -> None:
        self._size = self._left = size
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Return what is left."""
        return self._left

    def take(self, cost: int) -> bool:
        """Take the cost of a retry, or tell that there is too little.

        :param cost: how much
        """
        with self._lock:
            if self._left < cost:
                return False
            self._left -= cost
            return True

    def give(self) -> None:
        """Put back what a success earns."""
        with self._lock:
            self._left = min(self._size, self._left + GAIN)


def _give_up(reason: str) -> Decision:
    return Decision(Step.GIVE_UP, reason=reason)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
