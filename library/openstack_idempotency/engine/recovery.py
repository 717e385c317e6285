# SPDX-License-Identifier: Apache-2.0
"""Gives the first answer again, or finds out what became of that request."""

from __future__ import annotations

import dataclasses
import typing as ty

from oslo_log import log as logging

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.engine.execution import Execution
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn

LOG = logging.getLogger(__name__)


class Recovery:
    """Answers a retry whose first request has ended, well or not.

    :param parts: the engine's
    :param execution: the operation of this request, if it has to run
    """

    def __init__(self, parts: Parts, execution: Execution) -> None:
        self._store = parts.store
        self._heartbeat = parts.heartbeat
        self._execution = execution
        self._work = execution.work

    def replay(self, row: Record, lives_until: int) -> Reply:
        """Give the stored answer again.

        :param row: a row that has one
        :param lives_until: until when the token lives, in milliseconds
        :raises errors.AnswerLost: it opens with no listed secret
        """
        answer = self._execution.opened(row)
        if answer is None:
            LOG.warning(
                "The stored answer of request %s cannot be opened: the secret "
                "that sealed it is no longer listed in [idempotency] secret. "
                "Put it back until the tokens that need it have expired.",
                row.request_id,
            )
            return self.rebuild(row, lives_until)
        return _again(row, answer, lives_until)

    def rebuild(self, row: Record, lives_until: int) -> Reply:
        """Make an answer again from what the first request made.

        :param row: a row that has none, or none that can be opened
        :param lives_until: until when the token lives, in milliseconds
        :raises errors.Refusal: it cannot be made
        """
        if row.state is State.FAILED:
            raise errors.Failed(row.request_id)
        self._undo_left(row)
        answer = self._rebuilt(row)
        if answer is None:
            raise errors.AnswerLost(row.request_id)
        return _again(row, answer, lives_until)

    def recover(self, row: Record, claim: Claim) -> Reply | None:
        """Settle a linked request whose worker is gone (section 5).

        :param row: as it was read before it was taken over
        :param claim: this request's claim
        :returns: None if another request took it over meanwhile
        :raises errors.Refusal: there is no answer to give
        """
        with self._execution.ended(claim), self._heartbeat.keep(claim):
            fate = self._withdrawn(claim)
            if fate is None:
                return None
            if fate is not Fate.WITHDRAWN:
                # Include what an earlier owner withdrew and did not undo.
                self._execution.undo(claim)
            if fate is Fate.DELETED:
                # The store has settled it.
                raise errors.AnswerLost(row.request_id)
            answer = self._rebuilt(row) if fate is Fate.TAKEN else None
        if fate is Fate.WITHDRAWN:
            LOG.info(
                "Request %s ended before the service took up what it had "
                "created: that has been withdrawn, and request %s runs "
                "instead.",
                row.request_id,
                self._execution.use.request_id,
            )
            return self._execution.run(claim)
        return self._found(row, claim, answer)

    def _withdrawn(self, claim: Claim) -> Fate | None:
        """Withdraw what can be, and count what is to be undone for it."""
        done = Withdrawn(Fate.TAKEN)

        def take_back(
            transaction: ty.Any, resources: ty.Sequence[Resource]
        ) -> Withdrawn:
            nonlocal done
            done = self._work.withdraw(transaction, resources)
            return done

        fate = self._store.withdraw(claim, self._execution.use, take_back)
        if fate is not None and fate is not Fate.TAKEN:
            claim.undo += len(done.todos)
            self._execution.parts.counters.count(
                self._execution.operation, Event.WITHDRAWN, len(done.todos)
            )
        return fate

    def reconcile(self, row: Record, claim: Claim) -> Reply | None:
        """Settle a request that is not linked, and whose worker is gone.

        :param row: as it was read before it was taken over
        :param claim: this request's claim
        :returns: None if another request took it over meanwhile
        :raises errors.Refusal: there is no answer to give
        """
        with self._execution.ended(claim), self._heartbeat.keep(claim):
            started = self._work.started(row.request_id)
        match started.evidence:
            case Evidence.UNDER_WAY:
                return self._found(row, claim, started.answer)
            case Evidence.FAILED:
                expires_at = self._execution.expires_at(claim)
                outcome = Outcome(State.FAILED, None, None, expires_at)
                refusal: errors.Refusal = errors.Failed(row.request_id)
            case Evidence.NONE:
                outcome = Outcome(State.UNKNOWN, None, None, row.expires_at)
                refusal = errors.Unknown(row.request_id)
            case _:
                ty.assert_never(started.evidence)
        if not self._execution.complete(claim, outcome):
            return None
        raise refusal

    def _undo_left(self, row: Record) -> None:
        """Undo what was withdrawn by a request that died before it did so."""
        theirs = Claim.of_another(row.id, row.owner, undo=row.undo)
        self._execution.undo(theirs)

    def _rebuilt(self, row: Record) -> Answer | None:
        resources = self._store.resources(row.id)
        if len(resources) < row.bound:
            # A node of Galera that lags behind does not know them yet.
            raise errors.Unavailable
        if self._work.followed and row.status is None:
            # Its worker died, and nobody knows how far it had come.
            return None
        answer = self._work.rebuild(resources) if resources else None
        return answer and dataclasses.replace(answer, rebuilt=True)

    def _found(
        self, row: Record, claim: Claim, answer: Answer | None
    ) -> Reply | None:
        """Store what was found out; None if another request did so first."""
        expires_at = self._execution.expires_at(claim)
        if answer is None:
            outcome = Outcome(State.SUCCEEDED, None, None, expires_at)
            if not self._execution.complete(claim, outcome):
                return None
            raise errors.AnswerLost(row.request_id)
        answer = dataclasses.replace(answer, rebuilt=True)
        if not self._execution.keep(
            claim, State.SUCCEEDED, answer, expires_at
        ):
            return None
        LOG.info(
            "Request %s did its work but ended without an answer; the answer "
            "was rebuilt.",
            row.request_id,
        )
        return _again(row, answer, expires_at)


def _again(row: Record, answer: Answer, expires_at: int) -> Reply:
    if row.state is State.FAILED:
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.REBUILT if answer.rebuilt else Verdict.REPLAYED
    return Reply(answer, verdict, expires_at, row.request_id)
