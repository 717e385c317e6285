# SPDX-License-Identifier: Apache-2.0
"""The steps that only read."""

from __future__ import annotations

import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import rows
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS


class Reading(Steps):
    """Finds tokens, and what they made."""

    def look(self, use: Use) -> tuple[int, Record | None]:
        """Return the database's time and the token's row, in one statement.

        :param use: the request's use of its token
        """
        time = sa.select(self._now.label("now")).subquery()
        query = sa.select(time.c.now, *rows.AS_RECORD).limit(1)
        query = query.select_from(
            time.outerjoin(TOKENS, rows.of(use)).outerjoin(
                rows.OWN, rows.OF_ITSELF
            )
        )
        found = self._read(query)[0]._mapping
        record = rows.record(found) if found["id"] is not None else None
        return found["now"], record

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what a token made, in the order of commits.

        :param token_id: the key of the token's row
        """
        query = sa.select(*rows.AS_RESOURCE)
        query = query.where(RESOURCES.c.token_id == token_id)
        bound = self._read(query.order_by(RESOURCES.c.id))
        return tuple(Resource(*row) for row in bound)

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the request that a row speaks of, if any.

        :param claim: a claim on the row
        """
        query = sa.select(TOKENS.c.request_id).where(TOKENS.c.id == claim.id)
        found = self._read(query)
        return found[0].request_id if found else None

    def young(self, scope: Scope) -> int:
        """Return how many tokens the user has that are not yet old.

        :param scope: the user and the project
        """
        since = self._now - self._settings.token_ttl
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
