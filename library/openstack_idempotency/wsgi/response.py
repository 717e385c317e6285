# SPDX-License-Identifier: Apache-2.0
"""The headers that the protocol adds to an answer: section 3."""

from __future__ import annotations

import email.utils
import typing as ty

from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.errors import Refusal

Headers = list[tuple[str, str]]

# The verdicts of answers that may be an earlier request's.
_EARLIER: ty.Final = (Verdict.REPLAYED, Verdict.REBUILT, Verdict.FAILED)


def of_reply(reply: Reply, token: str) -> Headers:
    """Return what is added to an answer of the service.

    :param reply: the engine's
    :param token: the request's
    """
    told = _told(reply.verdict, token, reply.request_id)
    if reply.expires_at is not None and reply.answer.succeeded:
        expires = email.utils.formatdate(reply.expires_at / 1000, usegmt=True)
        told.append((headers.EXPIRES, expires))
    return told


def of_refusal(refusal: Refusal, token: str | None) -> Headers:
    """Return what is added to an answer of the protocol's own.

    :param refusal: what is refused, and why
    :param token: the request's; None if it is not valid
    """
    told = _told(refusal.verdict, token, refusal.request_id)
    if refusal.retry_after is not None:
        told.append(("Retry-After", str(refusal.retry_after)))
    return told


def _told(
    verdict: Verdict, token: str | None, request_id: str | None
) -> Headers:
    told = [(headers.STATE, verdict.value)]
    if token is not None and verdict is not Verdict.INVALID:
        told.append((headers.TOKEN, token))
    if request_id is not None:
        told.append((headers.REQUEST_ID, request_id))
        if verdict in _EARLIER:
            told.append((headers.REPLAYED, "true"))
    return told
