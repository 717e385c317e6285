# SPDX-License-Identifier: Apache-2.0
"""What a look-up tells of a use of a token: protocol section 8."""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State


class Standing(enum.Enum):
    """How the first request of a use stands, and what its client does."""

    RUNNING = "running"  # wait
    INTERRUPTED = "interrupted"  # send the same again
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    FORBIDDEN = "forbidden"  # ask with the first request's roles


@dataclasses.dataclass(frozen=True)
class Found:
    """One use of a token, as a look-up found it.

    :param record: the token's own row, without its answer
    :param target: method and path; cut where it is very long
    :param project_id: the project of its caller, None without one
    :param user_id: its caller
    :param created_at: when it began, in milliseconds since the epoch
    :param seen_at: the database's time when it was read, likewise
    """

    record: Record
    target: str
    project_id: str | None
    user_id: str | None
    created_at: int
    seen_at: int

    @property
    def settled(self) -> bool:
        """Whether it is written down what came of the request."""
        return self.record.state is not State.RUNNING

    def lives_until(self, life: int) -> int:
        """Return a time before which it does not end, in milliseconds.

        The same as answers to requests with its token tell.

        :param life: milliseconds that a token lives
        """
        return self.record.lives_until(self.seen_at, life)


def standing(found: Found, roles: frozenset[str] | None) -> Standing:
    """Tell how a use stands, as far as somebody may know.

    Source: protocol sections 2 and 8.

    :param found: the use
    :param roles: the names of the roles of who asks, in lower case; None for
        somebody to whom the service's policy shows the uses of others
    """
    record = found.record
    if roles is not None and not record.roles <= roles:
        return Standing.FORBIDDEN
    match record.state:
        case State.RUNNING:
            runs = record.runs(found.seen_at)
            return Standing.RUNNING if runs else Standing.INTERRUPTED
        case State.SUCCEEDED:
            return Standing.SUCCEEDED
        case State.FAILED:
            return Standing.FAILED
        case State.UNKNOWN:
            return Standing.UNKNOWN
        case _:
            ty.assert_never(record.state)
