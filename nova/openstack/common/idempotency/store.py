# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of the place where tokens are kept."""

from __future__ import annotations

import dataclasses
import typing as ty

from nova.openstack.common.idempotency.record import Claim
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.sameness import Scope


@dataclasses.dataclass(frozen=True)
class Use:
    """One use of a token: all that is written down of a request.

    :param scope: whose token it is, and for what target
    :param digests: the token's digest under each secret, the first one's
        names the row
    :param fingerprints: the request's, likewise
    :param request_id: the id of this request
    :param owner: a random name for this request's hold on the token
    """

    scope: Scope
    digests: tuple[bytes, ...]
    fingerprints: tuple[bytes, ...]
    request_id: str
    owner: str


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


class Store(ty.Protocol):
    """The table of tokens.

    Each method is one short transaction of its own, decided by the database:
    two processes that call the same one for the same row never both succeed.
    All of them raise :class:`errors.Unavailable` when the table cannot be
    reached, after a log line that says why.
    """

    def look(self, use: Use) -> tuple[int, Record | None]:
        """Return the database's time and the token's row, if there is one."""

    def claim(self, use: Use) -> int | None:
        """Insert the token's row, held by the use; None: it exists.

        Returns the row's key.
        """

    def rerun(self, record: Record, use: Use) -> bool:
        """Take the row over for a new run, as if it had just been claimed.

        False: the row has changed since it was read, or is changing.
        """

    def recover(self, record: Record, use: Use) -> bool:
        """Take the row over to finish what its former owner began.

        False: the row has changed since it was read, or is changing.
        """

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        """Renew the leases of running requests, of those that still hold."""

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Write the outcome down; False: the claim does not hold any more."""

    def release(self, claim: Claim, *, made_nothing: bool) -> bool:
        """Free the token; False: it made something, or was lost.

        :param made_nothing: what it made is known to be gone again
        """

    def abandon(self, claim: Claim) -> None:
        """End the lease at once, so that the next request may settle it."""

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what the token's runs made, in the order of commits."""
