# SPDX-License-Identifier: Apache-2.0
"""What a client learns of its token: the fields of protocol section 3."""

from __future__ import annotations

import typing as ty
import uuid

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from tests.unit.library import base


class Told(ty.NamedTuple):
    """What a client learns of its token.

    :param state: X-Client-Token-State
    :param request_id: X-Client-Token-Request-Id
    :param replayed: Idempotent-Replayed
    :param expires: whether there is X-Client-Token-Expires
    :param again: whether there is Retry-After
    """

    state: str
    status: int
    request_id: str | None = None
    replayed: bool = False
    expires: bool = False
    again: bool = False


def token_of(milliseconds: int) -> str:
    """Return a UUID of version 7 (RFC 9562) of that time."""
    return str(uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62)))


class StatesTestCase(base.EngineTestCase):
    def told(self, work: fakes.Work, **how: ty.Any) -> Told:
        """Send a request, and return what its client learns."""
        try:
            reply = self.send(work, **how)
        except errors.Refusal as refusal:
            again = refusal.retry_after is not None
            return Told(
                refusal.verdict.value,
                refusal.status,
                refusal.request_id,
                again=again,
            )
        return Told(
            reply.verdict.value,
            reply.answer.status,
            reply.request_id,
            reply.replayed,
            reply.expires_at is not None,
        )
