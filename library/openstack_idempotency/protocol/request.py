# SPDX-License-Identifier: Apache-2.0
"""A request with a token, however it arrived."""

from __future__ import annotations

import dataclasses

from openstack_idempotency.protocol.scope import Scope


@dataclasses.dataclass(frozen=True)
class Request:
    """What the protocol needs to know of a request.

    :param token: the client token
    :param scope: whose it is, and for what target
    :param fingerprints: by which it is compared: see
        :meth:`digest.Digests.of_request`
    :param request_id: the id of this request
    :param operation: the name of what it asks for, one of a bounded set
    :param version: the microversion as it was asked for
    :param roles: the names of the caller's roles, in lower case
    :param attempt: the number of the try, by the client's own count
    :param may_wait: whether this process can serve others while it waits
    """

    token: str
    scope: Scope
    fingerprints: tuple[bytes, ...]
    request_id: str
    operation: str = ""
    version: str = ""
    roles: frozenset[str] = frozenset()
    attempt: int | None = None
    may_wait: bool = True
