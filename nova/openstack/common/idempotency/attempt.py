# SPDX-License-Identifier: Apache-2.0
"""One request on its way to an answer.

The shell round :func:`decision.decide`: it reads the token's row and does
what was decided, with one short transaction for each step.
"""

from __future__ import annotations

import typing as ty
import uuid

from oslo_log import log as logging

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import record as records
from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.answer import Replay
from nova.openstack.common.idempotency.answer import Reply
from nova.openstack.common.idempotency.decision import decide
from nova.openstack.common.idempotency.decision import Decision
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.faults import reached
from nova.openstack.common.idempotency.parts import Parts
from nova.openstack.common.idempotency.record import Claim
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.store import Outcome
from nova.openstack.common.idempotency.store import Use
from nova.openstack.common.idempotency.work import Evidence
from nova.openstack.common.idempotency.work import Request
from nova.openstack.common.idempotency.work import Work

LOG = logging.getLogger(__name__)


class Attempt:
    """One request on its way to an answer."""

    def __init__(self, parts: Parts, request: Request, work: Work) -> None:
        self._parts = parts
        self._store = parts.store
        self._request = request
        self._work = work
        self._use = Use(
            scope=request.scope,
            digests=parts.digests.caller(request.scope, request.token),
            fingerprints=parts.digests.request(
                request.token, request.canonical
            ),
            request_id=request.request_id,
            owner=uuid.uuid4().hex,
        )

    def look_and_act(self) -> Reply | None:
        """Look at the row and follow the decision; None: look again."""
        started = self._parts.clock.monotonic()
        now, record = self._store.look(self._use)
        linked = self._work.link is not None
        decision = decide(record, self._use.fingerprints, linked, now)
        if decision is Decision.REFUSE:
            raise errors.DifferentRequest
        if decision is Decision.WAIT:
            return None
        if record is None:
            reached(Point.BEFORE_CLAIM)
            token_id = self._store.claim(self._use)
            if token_id is None:
                return None
            reached(Point.AFTER_CLAIM)
            row = self._use.digests[0]
            return self._run(self._claim(token_id, row, now, started))
        claim = self._claim(record.id, record.digest, now, started)
        match decision:
            case Decision.RERUN:
                taken = self._taken(self._store.rerun, record)
                return self._run(claim) if taken else None
            case Decision.REPLAY:
                return self._replay(record)
            case Decision.REBUILD:
                return self._again(record, self._rebuilt(record.id))
            case Decision.RECOVER:
                return self._recover(record, claim)
            case _:
                return self._reconcile(record, claim)

    def _claim(
        self, token_id: int, row: bytes, now: int, started: float
    ) -> Claim:
        return Claim(
            id=token_id,
            digest=row,
            owner=self._use.owner,
            claimed_at=now,
            started=started,
            link=self._work.link,
        )

    def _run(self, claim: Claim) -> Reply:
        reached(Point.BEFORE_METHOD)
        with self._parts.heartbeat.keep(claim), records.running(claim):
            answer = self._work.run()
        reached(Point.AFTER_METHOD)
        if claim.lost:
            raise errors.TokenLost
        expires_at = self._expires_at(claim)
        try:
            reached(Point.BEFORE_SETTLE)
            freed = self._settle(claim, answer, expires_at)
            reached(Point.AFTER_SETTLE)
        except errors.Unavailable:
            # The client gets its answer; the link, or the next request,
            # tells what became of the token.
            LOG.warning(
                "Request %s was answered with %d, but its client token could "
                "not be settled; it %s.",
                self._request.request_id,
                answer.status,
                "is settled by its link at the next use"
                if claim.link
                else "stays unknown unless the service knows the request",
            )
            return Reply(answer, expires_at)
        if freed and claim.deadlocked and answer.status >= 500:
            # The next try is likely to pass, so this is no failure to report.
            raise errors.Unavailable
        return Reply(answer, expires_at)

    def _settle(self, claim: Claim, answer: Answer, expires_at: int) -> bool:
        """Write down what became of a run; True: the token is free again."""
        if answer.status < 400:
            self._complete(claim, State.SUCCEEDED, answer, expires_at)
            return False
        refused = answer.status < 500
        if not refused and claim.link is None:
            self._complete(claim, State.FAILED, answer, expires_at)
            return False
        # The database says whether something was made, not our memory: a
        # transaction that bound a resource may have been rolled back.
        if self._store.release(claim, made_nothing=False):
            return True
        if not self._work.survives(self._store.resources(claim.id)):
            return self._store.release(claim, made_nothing=True)
        if refused:
            self._complete(claim, State.FAILED, answer, expires_at)
        else:
            self._store.abandon(claim)
        return False

    def _complete(
        self, claim: Claim, state: State, answer: Answer, expires_at: int
    ) -> None:
        sealed = None
        if len(answer.body) <= self._parts.limits.max_response_size:
            sealed = self._parts.sealer.seal(
                self._request.token, claim.digest, answer.dump()
            )
        outcome = Outcome(state, answer.status, sealed, expires_at)
        if not self._store.complete(claim, outcome):
            LOG.info(
                "Request %s finished after a repetition had taken its client "
                "token over.",
                self._request.request_id,
            )

    def _taken(
        self, take: ty.Callable[[Record, Use], bool], record: Record
    ) -> bool:
        reached(Point.BEFORE_TAKEOVER)
        taken = take(record, self._use)
        if taken:
            reached(Point.AFTER_TAKEOVER)
        return taken

    def _replay(self, record: Record) -> Reply:
        data = None
        if record.sealed is not None:
            data = self._parts.sealer.open(
                self._request.token, record.digest, record.sealed
            )
        if data is not None:
            return self._again(record, Answer.load(data))
        LOG.warning(
            "The stored answer of request %s cannot be opened: the [secret] "
            "that sealed it is not listed any more.",
            record.request_id,
        )
        return self._again(record, self._rebuilt(record.id))

    def _again(self, record: Record, answer: Answer | None) -> Reply:
        if answer is None:
            failed = record.state is State.FAILED
            raise errors.Failed if failed else errors.AnswerLost
        return Reply(answer, record.expires_at, Replay(record.request_id))

    def _rebuilt(self, token_id: int) -> Answer | None:
        resources = self._store.resources(token_id)
        return self._work.rebuild(resources) if resources else None

    def _recover(self, record: Record, claim: Claim) -> Reply | None:
        if not self._taken(self._store.recover, record):
            return None
        LOG.info(
            "Request %s ended without an answer after it had made what it "
            "was asked for; its answer is rebuilt.",
            record.request_id,
        )
        try:
            with self._parts.heartbeat.keep(claim):
                answer = self._rebuilt(record.id)
        except BaseException:
            self._store.abandon(claim)
            raise
        return self._found(record, claim, answer)

    def _reconcile(self, record: Record, claim: Claim) -> Reply | None:
        started = self._work.started(record.request_id)
        if not self._taken(self._store.recover, record):
            return None
        if started.evidence is Evidence.UNDER_WAY:
            return self._found(record, claim, started.answer)
        if started.evidence is Evidence.FAILED:
            expires_at = self._expires_at(claim)
            outcome = Outcome(State.FAILED, None, None, expires_at)
            self._store.complete(claim, outcome)
            raise errors.Failed
        outcome = Outcome(State.UNKNOWN, None, None, record.expires_at)
        self._store.complete(claim, outcome)
        raise errors.OutcomeUnknown

    def _found(
        self, record: Record, claim: Claim, answer: Answer | None
    ) -> Reply:
        """Keep an answer that was found out after its worker had died."""
        expires_at = self._expires_at(claim)
        if answer is None:
            outcome = Outcome(State.SUCCEEDED, None, None, expires_at)
            self._store.complete(claim, outcome)
            raise errors.AnswerLost
        self._complete(claim, State.SUCCEEDED, answer, expires_at)
        return Reply(answer, expires_at, Replay(record.request_id))

    def _expires_at(self, claim: Claim) -> int:
        # The database's time plus what has passed since by one monotonic
        # clock: the clocks of two machines are never added up.
        elapsed = self._parts.clock.monotonic() - claim.started
        lives = elapsed + self._parts.limits.token_ttl
        return claim.claimed_at + round(lives * 1000)
