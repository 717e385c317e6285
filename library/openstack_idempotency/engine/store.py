# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of the place where tokens are kept."""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.sameness import Scope
from openstack_idempotency.engine.work import Fate
from openstack_idempotency.engine.work import Withdrawn


@dataclasses.dataclass(frozen=True)
class Use:
    """One use of a token: all that is written down of a request.

    :param scope: whose token it is, and for what target
    :param digests: the token's digest under each secret; the first one names
        the token's own row
    :param fingerprints: the request's, likewise
    :param request_id: the id of this request
    :param owner: a random name for this request's hold on the token
    :param version: the microversion as it was asked for
    :param roles: the names of the caller's roles, in lower case
    :param linked: whether the operation binds what it makes
    """

    scope: Scope
    digests: tuple[bytes, ...]
    fingerprints: tuple[bytes, ...]
    request_id: str
    owner: str
    version: str = ""
    roles: frozenset[str] = frozenset()
    linked: bool = False


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


class Release(enum.Enum):
    """What came of an attempt to free a token."""

    FREED = "the token is free"
    BOUND = "it is not: something is bound to it"
    LOST = "it is not: another request holds it"


class Store(ty.Protocol):
    """The table of tokens.

    Each method takes effect at once or not at all, as the database decides:
    two processes that call the same one for the same row never both succeed.
    All of them raise :class:`errors.Unavailable` when the table cannot be
    reached, after a log line that says why.
    """

    def look(self, use: Use) -> tuple[int, Record | None]:
        """Return the database's time and the token's row, if there is one."""

    def claim(self, use: Use) -> int | None:
        """Return the new row's key, or None if the token is taken."""

    def rerun(self, record: Record, use: Use) -> bool:
        """Take the row over for a new run, as if it had just been claimed.

        Return False if the row changed since it was read, or is locked.
        """

    def recover(self, record: Record, use: Use) -> bool:
        """Take the row over to finish what its former owner began.

        Return False if the row changed since it was read, or is locked.
        """

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        """Renew the leases of those claims that still hold."""

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Store the outcome; False: the claim does not hold any more."""

    def release(
        self, claim: Claim, use: Use, *, made_nothing: bool
    ) -> Release:
        """Free the token, if nothing is bound to it.

        :param made_nothing: what was bound is known to be gone again
        """

    def abandon(self, claim: Claim) -> bool:
        """End the lease at once, so that the next request may settle it.

        Return False if the claim does not hold any more.
        """

    def give_back(self, use: Use) -> None:
        """Undo a claim or a takeover that may have been committed.

        The connection broke in the commit, so the request never ran.
        """

    def withdraw(
        self,
        claim: Claim,
        use: Use,
        take_back: ty.Callable[[ty.Any, ty.Sequence[Resource]], Withdrawn],
    ) -> Fate | None:
        """Let a service take back what is bound, in one transaction.

        Return None if the claim does not hold any more.
        """

    def todos(self, token_id: int) -> tuple[str, ...]:
        """Return what is to be undone for withdrawn resources."""

    def undone(self, claim: Claim) -> bool:
        """Note that all is undone; False: the claim does not hold."""

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what the token's runs made, in the order of commits."""

    def young(self, scope: Scope) -> int:
        """Return how many tokens the user has in the project.

        Only those count that are younger than the life of a token.
        """

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the request that a row speaks of, if any."""
