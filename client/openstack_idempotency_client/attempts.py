# SPDX-License-Identifier: Apache-2.0
"""The tries of one POST: sends, asks whether it is safe, and sends again."""

from __future__ import annotations

import dataclasses
import http.client
import typing as ty

from keystoneauth1 import exceptions
import requests

from openstack_idempotency_client import notice
from openstack_idempotency_client import outcome as outcomes
from openstack_idempotency_client import retry
from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.ending import Ending
from openstack_idempotency_client.outcome import Fault
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State
from openstack_idempotency_client.use import NotSafeError
from openstack_idempotency_client.use import Use

# How long the look-up may wait for a request that still runs, at a time.
LONGEST_WAIT = 30.0


class LooksUp(ty.Protocol):
    """Asks the service for the token of this POST."""

    def __call__(self, wait: float = 0.0) -> LookUp:
        """Return what it said.

        :param wait: seconds that the answer may take
        """


@dataclasses.dataclass(frozen=True)
class Wire:
    """What a POST is sent with.

    :param send: sends it once, as the try of that number
    :param look_up: asks for its token
    :param sleep: waits for seconds
    :param clock: seconds that only grow
    :param chance: a random number from 0 to 1
    """

    send: ty.Callable[[int], requests.Response]
    look_up: LooksUp
    sleep: ty.Callable[[float], None]
    clock: ty.Callable[[], float]
    chance: ty.Callable[[], float]


@dataclasses.dataclass
class _Try:
    """What came of the newest try."""

    outcome: Outcome
    came: requests.Response | exceptions.ConnectionError

    def result(self) -> requests.Response:
        """Return the answer, or raise the error, to the caller."""
        if isinstance(self.came, exceptions.ConnectionError):
            raise self.came
        return self.came


class Attempts:
    """Sends one POST until it is settled or given up.

    :param wire: what it is sent with
    :param policy: how far to go
    :param budget: what this process may spend on retries
    :param tell: takes a line for each retry
    """

    def __init__(
        self,
        wire: Wire,
        policy: retry.Policy,
        budget: retry.Budget,
        tell: ty.Callable[[str], None],
    ) -> None:
        self._wire = wire
        self._policy = policy
        self._budget = budget
        self._tell = tell

    def run(self, use: Use, promise: LookUp) -> requests.Response:
        """Return the answer to the last try.

        :param use: the token
        :param promise: what the service said before the first try
        :raises NotSafeError: when it was not sent, because it may run twice
        :raises keystoneauth1.exceptions.ConnectionError: without an answer
        """
        if use.remembered:
            promise = self._resume(use)
        try:
            tried, ending = self._until_settled(use, promise)
        except NotSafeError:
            raise
        except BaseException:
            # Interrupted, for example, while it waited for the answer.
            lost = Outcome(fault=Fault.UNANSWERED)
            use.ended(Ending(lost, promise, unsettled=True))
            raise
        use.ended(ending)
        return tried.result()

    def _until_settled(
        self, use: Use, promise: LookUp
    ) -> tuple[_Try, Ending]:
        earlier = use.attempts
        # Once bytes of one try may have arrived, no later try takes that back.
        may_have_run = is_open = use.remembered
        started = self._wire.clock()
        attempt = 0
        while True:
            attempt += 1
            tried = self._try(use, earlier + attempt, promise)
            may_have_run = may_have_run or tried.outcome.may_have_run
            decision = self._decide(tried.outcome, attempt, started)
            if decision.step is retry.Step.AGAIN:
                if may_have_run:
                    promise, decision = self._ask(
                        tried.outcome, decision, promise, started
                    )
                decision = self._pay(decision)
            if decision.step is not retry.Step.AGAIN:
                break
            is_open = is_open or tried.outcome.opens
            self._tell(notice.again(
                tried.outcome, decision.delay, attempt + 1,
                self._policy.attempts,
            ))  # fmt: skip
            self._wire.sleep(decision.delay)
        unsettled = _is_unsettled(tried.outcome, is_open=is_open)
        last = tried.outcome
        if may_have_run and not last.may_have_run:
            # That the last try did not leave says nothing of the others.
            last = Outcome(fault=Fault.UNANSWERED)
        return tried, Ending(last, promise, decision.reason, unsettled)

    def _resume(self, use: Use) -> LookUp:
        promise = self._look_up()
        if not promise.retry_safe:
            raise use.refusal(promise)
        return promise

    def _look_up(self, wait: float = 0.0) -> LookUp:
        """Ask, and ask again if no answer comes: a question does no harm.

        But in an outage it is one more request, so the budget pays for it.
        """
        found = self._wire.look_up(wait=wait)
        for attempt in range(1, self._policy.attempts):
            if found.answered or not self._budget.take(retry.COST):
                break
            self._wire.sleep(
                self._wire.chance() * retry.longest_delay(attempt)
            )
            found = self._wire.look_up()
        return found

    def _try(self, use: Use, number: int, promise: LookUp) -> _Try:
        use.sending()
        try:
            answer = self._wire.send(number)
        except exceptions.ConnectionError as error:
            tried = _Try(outcomes.of_error(error), error)
        else:
            tried = _heard(answer, promise)
        use.heard(tried.outcome)
        status = tried.outcome.status
        if status is not None and status < 400:
            self._budget.give()
        return tried

    def _decide(
        self, outcome: Outcome, attempt: int, started: float
    ) -> retry.Decision:
        return retry.decide(
            outcome,
            self._policy,
            attempt=attempt,
            elapsed=self._wire.clock() - started,
            budget=self._budget.left,
            chance=self._wire.chance(),
        )

    def _ask(
        self,
        outcome: Outcome,
        decision: retry.Decision,
        before: LookUp,
        started: float,
    ) -> tuple[LookUp, retry.Decision]:
        """Read whether a retry is safe; while it runs, wait for its end."""
        running = outcome.state is State.RUNNING
        wait = min(LONGEST_WAIT, self._left(started)) if running else 0.0
        found = self._look_up(wait)
        promise = found if found.answered else before
        if not found.retry_safe:
            reason = notice.why_not_safe(found)
            return promise, retry.Decision(retry.Step.GIVE_UP, reason=reason)
        if running and not found.running:
            # It has ended meanwhile: there is nothing to wait for.
            decision = dataclasses.replace(decision, delay=0.0)
        if decision.delay > self._left(started):
            reason = retry.overdue(self._policy)
            return promise, retry.Decision(retry.Step.GIVE_UP, reason=reason)
        return promise, decision

    def _left(self, started: float) -> float:
        return self._policy.seconds - (self._wire.clock() - started)

    def _pay(self, decision: retry.Decision) -> retry.Decision:
        # Another thread may have spent it since the decision.
        if self._budget.take(decision.cost):
            return decision
        return retry.overspent()


def _is_unsettled(last: Outcome, *, is_open: bool) -> bool:
    """Tell whether a try may have run whose outcome nobody has told.

    :param last: what came of the last try
    :param is_open: whether that is so of an earlier one
    """
    if is_open:
        return not last.settles(earlier_unanswered=True)
    if last.answered:
        return not last.settles(earlier_unanswered=False)
    return last.opens and retry.is_transient(last, retry.Policy())


def _heard(answer: requests.Response, promise: LookUp) -> _Try:
    """Return what an answer is, which may be half of one."""
    outcome = outcomes.of_answer(answer)
    # Where each host keeps tokens, each success says that it did. This one
    # was cut, or comes from something that stands before the hosts.
    stateless = outcome.state is None and (outcome.status or 500) < 300
    if outcome.fault is None and not (stateless and promise.retry_safe):
        return _Try(outcome, answer)
    lost = exceptions.UnknownConnectionError(
        "Half of the answer was lost: the connection broke within its head",
        http.client.IncompleteRead(answer.content),
    )
    return _Try(Outcome(fault=Fault.UNANSWERED), lost)
