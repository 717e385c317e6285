# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token as the protocol's section 3 says."""

from __future__ import annotations

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency.answer import Reply
from nova.openstack.common.idempotency.attempt import Attempt
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.faults import reached
from nova.openstack.common.idempotency.parts import Parts
from nova.openstack.common.idempotency.work import Request
from nova.openstack.common.idempotency.work import Work

# How often a waiting request looks, in seconds: a boot takes some 100 ms, so
# that its twin adds little to that, and ten twins a hundred cheap reads.
_LOOK_EVERY = 0.1


class Engine(Parts):
    """Answers requests with a token; one for a process."""

    def answer(self, request: Request, work: Work) -> Reply:
        """Answer a request: run it once, or give its first answer again.

        :param request: the request
        :param work: the operation that it asks for
        :raises errors.Refusal: the protocol answers with an error
        """
        attempt = Attempt(self, request, work)
        deadline = self.clock.monotonic() + self.limits.wait_timeout
        while True:
            reply = attempt.look_and_act()
            if reply is not None:
                reached(Point.BEFORE_ANSWER)
                return reply
            # It runs elsewhere, or another process was faster just now.
            if self.clock.monotonic() >= deadline:
                raise errors.InProgress
            self.clock.sleep(_LOOK_EVERY)
