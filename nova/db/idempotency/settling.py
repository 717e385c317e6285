# SPDX-License-Identifier: Apache-2.0
"""The steps that end a request's hold on its token."""

from __future__ import annotations

import sqlalchemy as sa

from nova.db.idempotency import rows
from nova.db.idempotency.steps import PAST
from nova.db.idempotency.steps import Steps
from nova.db.idempotency.tables import TOKENS
from nova.openstack.common.idempotency.claim import Claim
from nova.openstack.common.idempotency.points import Point
from nova.openstack.common.idempotency.points import reached
from nova.openstack.common.idempotency.store import Outcome
from nova.openstack.common.idempotency.store import Release
from nova.openstack.common.idempotency.store import Use


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
            expires_at=outcome.expires_at,
            answer_until=outcome.expires_at,
        )

    def abandon(self, claim: Claim) -> None:
        """End a lease at once, so that the next request may settle it.

        :param claim: the claim of a request that ended without an outcome
        """
        self._update(rows.held(claim), lease_until=PAST)

    def release(
        self, claim: Claim, use: Use, *, made_nothing: bool
    ) -> Release:
        """Free the token, if nothing is bound to it.

        :param claim: the claim of a request that was refused or failed
        :param use: that request's use of the token
        :param made_nothing: what was bound to it is known to be gone again
        """
        mine = rows.held(claim)
        if not made_nothing:
            mine &= TOKENS.c.bound == 0
        if self._free(mine, claim, use):
            if made_nothing:
                self._forget(claim.id)
            return Release.FREED
        return self._not_freed(claim)

    def _free(
        self, mine: sa.ColumnElement[bool], claim: Claim, use: Use
    ) -> bool:
        aliased = len(use.digests) > 1
        if claim.shared:
            # A slow request of a former owner may still look for the row: if
            # it were gone, the server would lock a gap for that one.
            change: sa.Update | sa.Delete = sa.update(TOKENS).values(
                bound=0, lease_until=PAST, expires_at=PAST
            )
        else:
            change = sa.delete(TOKENS)
        change = change.where(mine)

        def free(connection: sa.Connection) -> bool:
            reached(Point.RELEASING)
            return connection.execute(change).rowcount == 1

        def free_all(connection: sa.Connection) -> bool:
            if connection.execute(change).rowcount != 1:
                return False
            reached(Point.RELEASING)
            if not claim.shared:
                for other in use.digests:
                    alias = rows.at(use, other) & (
                        TOKENS.c.alias_of == claim.digest
                    )
                    connection.execute(sa.delete(TOKENS).where(alias))
            return True

        if aliased:
            return self._run.transaction(free_all)
        return self._run.statement(free)

    def _not_freed(self, claim: Claim) -> Release:
        query = sa.select(TOKENS.c.owner).where(TOKENS.c.id == claim.id)
        found = self._read(query)
        if not found:
            # Who takes a row over never deletes it: so it was this request,
            # whose first try was committed while its connection broke.
            return Release.FREED
        mine = found[0].owner == claim.owner
        return Release.BOUND if mine else Release.LOST
