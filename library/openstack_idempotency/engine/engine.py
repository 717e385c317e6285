# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token: protocol section 3."""

from __future__ import annotations

from openstack_idempotency.engine.attempt import Attempt
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.engine.lookup import Finder
from openstack_idempotency.engine.lookup import Lookup
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.engine.ports import Work
from openstack_idempotency.engine.waiting import LOOK_EVERY
from openstack_idempotency.engine.waiting import Seat
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.decision import Decision
from openstack_idempotency.protocol.request import Request

# How many times a request looks again at once when another one was faster: by
# then the row usually tells what that one is doing. Only further looks count
# as waiting.
_LOOKS = 2


class Engine:
    """Answers requests with a token; one per process.

    :param parts: what it is put together from
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._room = parts.room()
        self._allowance = parts.allowance()

    def lookup(self, finder: Finder) -> Lookup:
        """Return what looks tokens up; its waiters take places of this one.

        :param finder: the table of tokens
        """
        return Lookup(self.parts, self._room, finder)

    def answer(self, request: Request, work: Work) -> Reply:
        """Answer a request: run it once, or give its first answer again.

        :param request: the request
        :param work: the operation that it asks for
        :raises errors.Refusal: the protocol answers with an error
        """
        self.parts.returns.resume()
        attempt = Attempt(self.parts, self._allowance, request, work)
        with self._room.seat(wanted=request.may_wait) as seat:
            try:
                reply = self._answer(attempt, seat)
            finally:
                if seat.used:
                    self._count(request, Event.WAITED)
        reached(Point.BEFORE_ANSWER)
        return reply

    def _count(self, request: Request, event: Event) -> None:
        self.parts.counters.count(request.operation, event)

    def _answer(self, attempt: Attempt, seat: Seat) -> Reply:
        clock = self.parts.clock
        deadline = clock.monotonic() + self.parts.limits.wait_timeout
        overtaken = 0
        while True:
            decision = attempt.look()
            if decision is not Decision.WAIT:
                seat.leave()
                reply = attempt.act(decision)
                if reply is not None:
                    return reply
                overtaken += 1
                if overtaken <= _LOOKS:
                    continue
            if clock.monotonic() >= deadline or not seat.take():
                raise attempt.given_up(self._room.pause())
            clock.sleep(LOOK_EVERY)
