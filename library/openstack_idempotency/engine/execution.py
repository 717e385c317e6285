# SPDX-License-Identifier: Apache-2.0
"""Runs an operation under a claim, and settles its token."""

from __future__ import annotations

import contextlib
import enum
import typing as ty

from oslo_log import log as logging

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.engine.ports import Work
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import record
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Use

LOG = logging.getLogger(__name__)


class Settled(enum.Enum):
    """What became of a token after its request had run."""

    KEPT = "the success is stored"
    FAILED = "the failure is stored: it never runs again"
    FREED = "nothing was made: the token is free"
    LEFT = "something was made: the next request tells what"
    LOST = "another request had taken the token over"
    BEHIND = "the fence did not know of the claim: the next request runs"
    OPEN = "the table is out of reach: the next request tells"


class Execution:
    """One request's operation, run by whoever holds the token.

    :param parts: the engine's
    :param request: the request
    :param use: its use of the token
    :param work: the operation
    """

    def __init__(
        self, parts: Parts, request: Request, use: Use, work: Work
    ) -> None:
        self.work = work
        self.use = use
        self.parts = parts
        self.token = request.token
        self.operation = request.operation
        self._target = digest.target(request.scope)

    def run(self, claim: Claim) -> Reply:
        """Run the operation, and settle its token.

        :param claim: the request's claim
        :raises errors.Refusal: the answer of the operation cannot be given
        """
        with self.ended(claim):
            reached(Point.BEFORE_METHOD)
            with self.parts.heartbeat.keep(claim):
                self.undo(claim)
                with claims.running(claim):
                    answer = self.work.run()
            reached(Point.AFTER_METHOD)
            expires_at = self.expires_at(claim)
            settled = self._settled(claim, answer, expires_at)
        return self._reply(claim, answer, settled, expires_at)

    @contextlib.contextmanager
    def ended(self, claim: Claim) -> ty.Iterator[None]:
        """End the lease at once if the body raises anything.

        :param claim: the request's claim
        """
        try:
            yield
        except BaseException:
            with contextlib.suppress(errors.Unavailable):
                self.parts.store.abandon(claim)
            raise

    def undo(self, claim: Claim) -> None:
        """Undo what was withdrawn from earlier runs (section 5).

        :param claim: the claim of the request that is about to run
        :raises errors.Refusal: it cannot be undone now, or the token is lost
        """
        if not claim.undo:
            return
        todos = self.parts.store.todos(claim.id)
        for todo in todos.values():
            reached(Point.BEFORE_UNDO)
            self.work.undo(todo)
        reached(Point.AFTER_UNDO)
        left = self.parts.store.undone(claim, todos)
        if left is None:
            raise self.lost(claim)
        if left:
            # They were read from a node of Galera that lags behind.
            raise errors.Unavailable
        claim.undo = 0

    def lost(self, claim: Claim) -> errors.Refusal:
        """Return the refusal for a request that has lost its token.

        :param claim: the request's claim, which no longer holds
        """
        holder = None
        with contextlib.suppress(errors.Unavailable):
            holder = self.parts.store.holder(claim)
        return errors.TakenOver(holder)

    def keep(
        self, claim: Claim, state: State, answer: Answer, expires_at: int
    ) -> bool:
        """Store an answer; False: the claim no longer holds.

        :param claim: the request's claim
        :param state: how the request ended
        :param answer: its answer
        :param expires_at: when the token ends, in milliseconds
        """
        sealed = None
        if len(answer.body) <= self.parts.limits.max_response_size:
            place = record.place(
                claim.digest, self._target, state, answer.status
            )
            sealed = self.parts.sealer.seal(self.token, place, answer.dump())
        return self.complete(
            claim, Outcome(state, answer.status, sealed, expires_at)
        )

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Store an outcome; False: the claim no longer holds.

        :param claim: the request's claim
        :param outcome: what became of the request
        """
        reached(Point.COMPLETING)
        return self.parts.store.complete(claim, outcome)

    def opened(self, row: record.Record) -> Answer | None:
        """Return the stored answer of a row, None if it cannot be opened.

        :param row: a row that has one
        """
        assert row.sealed is not None  # noqa: S101 - the decision saw it
        place = record.place(row.digest, self._target, row.state, row.status)
        data = self.parts.sealer.open(self.token, place, row.sealed)
        return None if data is None else Answer.load(data)

    def expires_at(self, claim: Claim) -> int:
        """Return when a token ends that is settled now, in milliseconds.

        :param claim: the request's claim
        """
        # The database's time plus what has passed since by one monotonic
        # clock: the clocks of two machines are never added up.
        elapsed = self.parts.clock.monotonic() - claim.started
        lives = elapsed + self.parts.limits.token_ttl
        return claim.claimed_at + round(lives * 1000)

    def _settled(
        self, claim: Claim, answer: Answer, expires_at: int
    ) -> Settled:
        if claim.lost:
            return self._stopped(claim)
        try:
            reached(Point.BEFORE_SETTLE)
            settled = self._settle(claim, answer, expires_at)
            reached(Point.AFTER_SETTLE)
        except errors.Unavailable:
            return Settled.OPEN
        return settled

    def _stopped(self, claim: Claim) -> Settled:
        """Tell why the fence stopped the request.

        Where a service's connections go to several nodes of Galera, one that
        lags behind does not know of the claim yet: nobody has the token. The
        table is asked by a change of the row, in which no node can be wrong.
        """
        try:
            held = self.parts.store.abandon(claim)
        except errors.Unavailable:
            return Settled.OPEN
        return Settled.BEHIND if held else Settled.LOST

    def _settle(
        self, claim: Claim, answer: Answer, expires_at: int
    ) -> Settled:
        if answer.succeeded:
            kept = self.keep(claim, State.SUCCEEDED, answer, expires_at)
            return Settled.KEPT if kept else Settled.LOST
        refused = answer.status < 500
        if not refused and claim.link is None:
            return self._failed(claim, answer, expires_at)
        # The database decides whether something was made, not our memory: a
        # transaction that bound a resource may have been rolled back.
        freed = self.parts.store.free(claim, self.use)
        if freed is Freeing.BOUND:
            freed = self.parts.store.unbind(claim, self.work.survives)
        match freed:
            case Freeing.FREED:
                return Settled.FREED
            case Freeing.LOST:
                return Settled.LOST
            case Freeing.BOUND if refused or claim.handed_on:
                return self._failed(claim, answer, expires_at)
            case Freeing.BOUND:
                held = self.parts.store.abandon(claim)
                return Settled.LEFT if held else Settled.LOST
            case _:
                ty.assert_never(freed)

    def _failed(
        self, claim: Claim, answer: Answer, expires_at: int
    ) -> Settled:
        kept = self.keep(claim, State.FAILED, answer, expires_at)
        return Settled.FAILED if kept else Settled.LOST

    def _reply(
        self,
        claim: Claim,
        answer: Answer,
        settled: Settled,
        expires_at: int,
    ) -> Reply:
        match settled:
            case Settled.KEPT:
                return Reply(answer, Verdict.EXECUTED, expires_at)
            case Settled.FAILED:
                return Reply(answer, Verdict.FAILED, expires_at)
            case Settled.LEFT:
                return Reply(answer, Verdict.INTERRUPTED)
            case Settled.FREED if answer.status < 500:
                return Reply(answer, Verdict.EXECUTED)
            case Settled.FREED if claim.deadlocked:
                # The next try is likely to succeed: no failure to report.
                raise errors.Unavailable
            case Settled.FREED:
                return Reply(answer, Verdict.INTERRUPTED)
            case Settled.LOST if claim.link is not None:
                raise self.lost(claim)
            case Settled.LOST:
                # It took effect; nobody runs it again.
                return Reply(answer, _apart(answer))
            case Settled.BEHIND:
                raise errors.Unavailable
            case Settled.OPEN:
                return self._unsettled(claim, answer)
            case _:
                ty.assert_never(settled)

    def _unsettled(self, claim: Claim, answer: Answer) -> Reply:
        LOG.warning(
            "Request %s ended with %d, but what became of its client token "
            "could not be stored; %s.",
            self.use.request_id,
            answer.status,
            "the next retry will recover it from what the request created"
            if claim.link
            else "it stays unknown unless the service recorded the request",
        )
        if claim.link is not None:
            # Nobody can tell whether another request already had the token.
            raise errors.Unavailable
        return Reply(answer, _apart(answer))


def _apart(answer: Answer) -> Verdict:
    return Verdict.EXECUTED if answer.status < 500 else Verdict.FAILED
