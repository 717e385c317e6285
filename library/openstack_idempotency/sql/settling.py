# SPDX-License-Identifier: Apache-2.0
"""The steps that end a request's hold on its token."""

from __future__ import annotations

import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.use import Freeing
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql.steps import PAST
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import TOKENS

Survives = ty.Callable[[ty.Any, ty.Sequence[Resource]], bool]


class Settling(Steps):
    """Stores outcomes, and frees tokens."""

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Store what became of a request.

        :param claim: the request's claim
        :param outcome: what became of it
        :returns: whether the claim still held
        """
        return self._update(
            rows.held(claim),
            state=outcome.state.value,
            status=outcome.status,
            sealed=outcome.sealed,
            # A token that lasts ends when what it made is seen to be gone.
            expires_at=sa.case(
                (TOKENS.c.lasting, TOKENS.c.expires_at),
                else_=outcome.expires_at,
            ),
            answer_until=sa.case(
                (TOKENS.c.lasting, outcome.expires_at), else_=None
            ),
        )

    def abandon(self, claim: Claim) -> bool:
        """End a lease at once, so that the next request may settle it.

        :param claim: the claim of a request that ended without an outcome
        :returns: whether the claim still held
        """
        return self._update(rows.held(claim), lease_until=PAST)

    def free(self, claim: Claim, use: Use) -> Freeing:
        """Free the token, if nothing is bound to it.

        :param claim: the claim of a request that was refused or failed
        :param use: that request's use of the token
        """
        mine = rows.held(claim) & (TOKENS.c.bound == 0)
        if claim.shared or len(use.digests) > 1:
            freed = self._expire(mine)
        else:
            freed = self._delete(mine, claim)
        return Freeing.FREED if freed else self._not_freed(claim)

    def unbind(self, claim: Claim, survives: Survives) -> Freeing:
        """Free the token, if all that was bound to it is gone again.

        The row changes first, so that what is read then is all that there is
        (:func:`steps.bound`), and nothing more can be bound.

        :param claim: the claim of a request that was refused or failed
        :param survives: tells by the connection whether any is still there
        """
        change = self._expired(rows.held(claim))

        def unbind(connection: sa.Connection) -> Freeing:
            if connection.execute(change).rowcount != 1:
                return Freeing.LOST
            reached(Point.FREEING)
            bound = steps.bound(connection, claim.id)
            if bound and survives(connection, tuple(bound.values())):
                raise steps.Kept
            steps.unbind(connection, bound)
            return Freeing.FREED

        try:
            return self._run.transaction(unbind)
        except steps.Kept:
            return Freeing.BOUND

    def _delete(self, mine: sa.ColumnElement[bool], claim: Claim) -> bool:
        """Delete a row that nobody else has ever held, in one statement.

        In a longer transaction others would have to wait for it: to insert a
        token next to a deleted one, the server locks both.
        """
        tries = 0

        def delete(connection: sa.Connection) -> bool:
            nonlocal tries
            tries += 1
            reached(Point.FREEING)
            try:
                return connection.execute(gone).rowcount == 1
            except db_exc.DBDeadlock:
                tries -= 1  # it was undone: nobody needs to guess
                raise

        gone = sa.delete(TOKENS).where(mine)
        if self._run.statement(delete):
            return True
        # A former try may have been committed, while the connection broke.
        return tries > 1 and self._owner(claim) is None

    def _expire(self, mine: sa.ColumnElement[bool]) -> bool:
        """Let a row expire, so that the next use is a new request.

        A slow request that held the row before may still look for it: if it
        were gone, the server would lock a gap for that one. And while a
        secret is rotated, aliases lead to it.
        """
        change = self._expired(mine)

        def expire(connection: sa.Connection) -> bool:
            reached(Point.FREEING)
            return connection.execute(change).rowcount == 1

        return self._run.statement(expire)

    def _expired(self, mine: sa.ColumnElement[bool]) -> sa.Update:
        # From now on, not from long ago: a purge that keeps expired rows for
        # a while must keep this one, too.
        ended = {
            "bound": 0,
            "lease_until": PAST,
            "expires_at": self._now,
            "lasting": False,
        }
        return sa.update(TOKENS).where(mine).values(ended | rows.FENCE)

    def _not_freed(self, claim: Claim) -> Freeing:
        mine = self._owner(claim) == claim.owner
        return Freeing.BOUND if mine else Freeing.LOST

    def _owner(self, claim: Claim) -> str | None:
        query = sa.select(TOKENS.c.owner).where(TOKENS.c.id == claim.id)
        found = self._read(query)
        return found[0].owner if found else None
