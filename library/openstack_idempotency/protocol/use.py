# SPDX-License-Identifier: Apache-2.0
"""What is written down of one use of a token, and of its outcome."""

from __future__ import annotations

import dataclasses
import enum

from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.scope import Scope


@dataclasses.dataclass(frozen=True)
class Use:
    """One use of a token: all that is written down of a request.

    :param scope: whose token it is, and for what target
    :param digests: the token's digest under each secret; the first one names
        the token's own row
    :param fingerprints: the request's, likewise
    :param request_id: the id of this request; a client may have chosen it,
        and have chosen it before
    :param owner: a random name for this request's hold on the token
    :param version: the microversion as it was asked for
    :param roles: the names of the caller's roles, in lower case
    :param linked: whether the operation binds what it makes
    :param lasting: whether the token lives as long as what it makes
    """

    scope: Scope
    digests: tuple[bytes, ...]
    fingerprints: tuple[bytes, ...]
    request_id: str
    owner: str
    version: str = ""
    roles: frozenset[str] = frozenset()
    linked: bool = False
    lasting: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a request.

    :param state: how it ended
    :param status: the status of its answer, None where that is unknown
    :param sealed: its answer, sealed; None where it cannot be kept
    :param expires_at: when the token ends, in milliseconds since the epoch
    """

    state: State
    status: int | None
    sealed: bytes | None
    expires_at: int


class Freeing(enum.Enum):
    """What came of an attempt to free a token."""

    FREED = "the token is free"
    BOUND = "it is not: something is bound to it"
    LOST = "it is not: another request holds it"
