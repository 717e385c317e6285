# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of others: a table, a service, and a cipher."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn


class TokenStore(ty.Protocol):
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
        """Store the outcome; False: the claim no longer holds."""

    def free(self, claim: Claim, use: Use) -> Freeing:
        """Free the token, if nothing is bound to it."""

    def unbind(
        self,
        claim: Claim,
        survives: ty.Callable[[ty.Any, ty.Sequence[Resource]], bool],
    ) -> Freeing:
        """Free the token, if what was bound to it is gone again.

        :param survives: tells by a transaction whether any of it is there
        """

    def abandon(self, claim: Claim) -> bool:
        """End the lease at once, so that the next request may settle it.

        Return False if the claim no longer holds.
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

        Return None if the claim no longer holds.
        """

    def todos(self, token_id: int) -> dict[int, str]:
        """Return what must be undone, by the keys of the withdrawals.

        Some of it may be missing: only :meth:`undone` tells what is left.
        """

    def undone(self, claim: Claim, keys: ty.Collection[int]) -> int | None:
        """Note what is undone, and return how many withdrawals are left.

        Return None if the claim no longer holds.
        """

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what the token's runs made, in the order of commits."""

    def young(self, scope: Scope) -> int:
        """Return how many tokens the user has in the project.

        Only those count that are younger than the life of a token.
        """

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the request that a row speaks of, if any."""


class Work(ty.Protocol):
    """The operation that a request asks for, as a service offers it."""

    @property
    def link(self) -> str | None:
        """The kind of resource that it binds to the token, if it does."""

    @property
    def lasting(self) -> bool:
        """Whether its token lives as long as what it makes (section 6)."""

    @property
    def followed(self) -> bool:
        """Whether it commits more after what it binds (section 3)."""

    def run(self) -> Answer:
        """Run the operation; refusals and failures are answers, too."""

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        """Return the first answer again, None if that cannot be."""

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        """Tell whether any of the resources is still there.

        :param transaction: the store's, in which they are to be read
        """

    def started(self, request_id: str) -> Started:
        """Return what the service recorded of a request."""

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        """Take back what the service has not gone on with.

        :param transaction: the store's, which commits or undoes it
        """

    def undo(self, todo: str) -> None:
        """Undo what was done for a withdrawn resource outside the database.

        Safe to call again, also after it failed midway.

        :raises errors.Unavailable: it cannot be undone now
        """


class Sealer(ty.Protocol):
    """Keeps answers from everybody but the client that has the token."""

    def seal(self, token: str, context: bytes, data: bytes) -> bytes:
        """Return the data sealed.

        :param context: names the token's row, its target and its state
        """

    def open(self, token: str, context: bytes, sealed: bytes) -> bytes | None:
        """Return the data, None if no known secret opens it.

        :param context: what it was sealed with: another one does not open it
        """
