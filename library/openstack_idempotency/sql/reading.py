# SPDX-License-Identifier: Apache-2.0
"""The steps that only read."""

from __future__ import annotations

import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import clock
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import TOKENS

_TIME = sa.select(clock.NOW.label("now")).subquery()
_LOOK = (
    sa.select(_TIME.c.now, TOKENS.c.alias_of, *rows.AS_FOUND)
    .select_from(_TIME.outerjoin(TOKENS, rows.OF_ONE))
    .limit(1)
)
# To plan a further join costs PostgreSQL a sixth of a replay.
_LOOK_BY_ALIAS = (
    sa.select(_TIME.c.now, *rows.AS_RECORD)
    .select_from(
        _TIME.outerjoin(TOKENS, rows.OF).outerjoin(rows.OWN, rows.OF_ITSELF)
    )
    .limit(1)
)
_HOLDER = sa.select(TOKENS.c.request_id).where(
    TOKENS.c.id == sa.bindparam("token")
)


class Reading(Steps):
    """Finds tokens, and what they made."""

    def look(self, use: Use) -> tuple[int, Record | None]:
        """Return the database's time and the token's row, in one statement.

        Unless that finds an alias of a secret that is no longer listed: then
        another one finds both again.

        :param use: the request's use of its token
        """
        found = None
        if len(use.digests) == 1:
            found = self._read(_LOOK, rows.using_one(use))[0]._mapping
        if found is None or found["alias_of"] is not None:
            found = self._read(_LOOK_BY_ALIAS, rows.using(use))[0]._mapping
        record = rows.record(found) if found["id"] is not None else None
        return found["now"], record

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what a token made, in the order of commits.

        :param token_id: the key of the token's row
        """
        bound = self._read(steps.BOUND, {"token": token_id})
        return tuple(map(rows.resource, bound))

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the request that a row speaks of, if any.

        :param claim: a claim on the row
        """
        found = self._read(_HOLDER, {"token": claim.id})
        return found[0].request_id if found else None

    def young(self, scope: Scope) -> int:
        """Return how many tokens the user has that are not yet old.

        :param scope: the user and the project
        """
        since = self._now - self._settings.token_ttl
        # Not built once: where the user or the project is None, it is another.
        query = sa.select(sa.func.count()).where(
            TOKENS.c.project_id == scope.project_id,
            TOKENS.c.user_id == scope.user_id,
            TOKENS.c.created_at > since,
            # One that was refused has been freed, though its row is there.
            TOKENS.c.expires_at > self._now,
            # While a secret is rotated, a token has a row for each.
            TOKENS.c.alias_of.is_(None),
        )
        count: int = self._read(query)[0][0]
        return count
