# SPDX-License-Identifier: Apache-2.0
"""Reads a token's row, and does what :func:`decision.decide` decides.

Each step takes effect at once or not at all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import typing as ty
import uuid

from openstack_idempotency.engine.allowance import Allowance
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.engine.execution import Execution
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.engine.ports import Work
from openstack_idempotency.engine.recovery import Recovery
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.decision import Asked
from openstack_idempotency.protocol.decision import decide
from openstack_idempotency.protocol.decision import Decision
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.use import Use


class Attempt:
    """One request on its way to an answer.

    :param parts: the engine's
    :param allowance: counts the tokens of users
    :param request: the request
    :param work: what it asks for
    """

    def __init__(
        self,
        parts: Parts,
        allowance: Allowance,
        request: Request,
        work: Work,
    ) -> None:
        self._parts = parts
        self._allowance = allowance
        self._work = work
        self._use = _use(parts, request, work)
        self._asked = Asked(
            fingerprints=self._use.fingerprints,
            roles=request.roles,
            born=token.born(request.token),
        )
        self._operation = request.operation
        self._execution = Execution(parts, request, self._use, work)
        self._recovery = Recovery(parts, self._execution)
        self._record: Record | None = None
        self._tried: Decision | None = None
        self._now = 0
        self._looked = 0.0

    @property
    def runs_elsewhere(self) -> str | None:
        """The id of the request that has the token, as far as is known."""
        if self._record is None or self._is_mine:
            return None
        return self._record.request_id

    def given_up(self, pause: int) -> errors.Running:
        """Return the refusal for a request that may not wait any longer.

        :param pause: the seconds after which it may come back
        """
        if self._is_mine:
            # It never knew for certain that it had the token, so never ran.
            self._give_back()
        return errors.Running(self.runs_elsewhere, pause)

    @property
    def _is_mine(self) -> bool:
        record = self._record
        return record is not None and record.owner == self._use.owner

    def look(self) -> Decision:
        """Look at the token's row, and decide."""
        self._looked = self._parts.clock.monotonic()
        self._now, self._record = self._parts.store.look(self._use)
        if self._tried is not None and self._is_mine:
            # This request took the row but was not told: the connection broke
            # in the commit, and the next try found the row locked by another.
            return self._tried
        return decide(self._record, self._asked, self._now, self._life)

    def act(self, decision: Decision) -> Reply | None:
        """Do what was decided; None: another request was faster, look again.

        :param decision: what :meth:`look` returned; on WAIT the request is
            refused, so the caller waits first
        :raises errors.Refusal: the protocol answers with an error
        """
        self._tried = decision
        match decision:
            case Decision.RUN:
                return self._run()
            case Decision.RERUN:
                return self._rerun()
            case Decision.RECOVER:
                return self._take_over(self._recovery.recover)
            case Decision.RECONCILE:
                return self._take_over(self._recovery.reconcile)
            case Decision.REPLAY:
                return self._recovery.replay(self._found, self._lives_until)
            case Decision.REBUILD:
                return self._recovery.rebuild(self._found, self._lives_until)
            case Decision.WAIT:
                raise errors.Running(self.runs_elsewhere)
            case Decision.DIFFERENT:
                raise errors.Different
            case Decision.FORBIDDEN:
                raise errors.Forbidden
            case Decision.EXPIRED:
                raise errors.Expired(self._date())
            case Decision.FROM_THE_FUTURE:
                raise errors.FromTheFuture(self._date())
            case _:
                ty.assert_never(decision)

    @property
    def _found(self) -> Record:
        assert self._record is not None  # noqa: S101 - decide() saw it
        return self._record

    @property
    def _life(self) -> int:
        return self._parts.limits.token_ttl * 1000

    @property
    def _lives_until(self) -> int:
        return self._found.lives_until(self._now, self._life)

    def _run(self) -> Reply | None:
        self._allowance.check(self._use.scope)
        reached(Point.BEFORE_CLAIM)
        with self._given_back():
            token_id = self._parts.store.claim(self._use)
        if token_id is None:
            return None
        reached(Point.AFTER_CLAIM)
        claim = self._claim(token_id, self._use.digests[0])
        return self._execution.run(claim)

    def _rerun(self) -> Reply | None:
        claim = self._taken(self._parts.store.rerun)
        return None if claim is None else self._execution.run(claim)

    def _take_over(
        self, then: ty.Callable[[Record, Claim], Reply | None]
    ) -> Reply | None:
        claim = self._taken(self._parts.store.recover)
        return None if claim is None else then(self._found, claim)

    def _taken(self, take: ty.Callable[[Record, Use], bool]) -> Claim | None:
        """Return the claim on the row that was found, if it can be taken."""
        record = self._found
        reached(Point.BEFORE_TAKEOVER)
        with self._given_back():
            taken = take(record, self._use)
        if not taken:
            return None
        reached(Point.AFTER_TAKEOVER)
        self._count_takeover(record)
        claim = self._claim(record.id, record.digest, shared=True)
        claim.undo = record.undo
        return claim

    def _count_takeover(self, record: Record) -> None:
        # Not where the first request had ended and freed its token.
        if record.state is State.RUNNING and record.lease_until:
            self._parts.counters.count(self._operation, Event.TOOK_OVER)

    @contextlib.contextmanager
    def _given_back(self) -> ty.Iterator[None]:
        """Remember a claim that may have been committed although it failed."""
        try:
            yield
        except errors.Unavailable:
            self._give_back()
            raise

    def _give_back(self) -> None:
        use = self._use
        if self._tried in (Decision.RECOVER, Decision.RECONCILE):
            # What ran was another request, even if a client chose its id, and
            # the same for this one.
            use = dataclasses.replace(use, request_id="")
        self._parts.returns.add(use)

    def _claim(
        self, token_id: int, row: bytes, *, shared: bool = False
    ) -> Claim:
        return Claim(
            id=token_id,
            digest=row,
            owner=self._use.owner,
            claimed_at=self._now,
            started=self._looked,
            link=self._work.link,
            shared=shared,
        )

    def _date(self) -> str:
        return email.utils.formatdate(self._now / 1000, usegmt=True)


def _use(parts: Parts, request: Request, work: Work) -> Use:
    return Use(
        scope=request.scope,
        digests=parts.digests.of_token(request.scope, request.token),
        fingerprints=request.fingerprints,
        request_id=request.request_id,
        owner=uuid.uuid4().hex,
        version=request.version,
        roles=request.roles,
        linked=work.link is not None,
        lasting=work.lasting,
    )
