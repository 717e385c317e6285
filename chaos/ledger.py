# SPDX-License-Identifier: Apache-2.0
"""What the API database holds, told apart by caller.

Each token is used by a caller of its own, so whatever a caller has was made
under that token: Nova's rows tell it without ours.
"""

from __future__ import annotations

import sqlalchemy as sa

from chaos import databases
from chaos.entry import Entry
from chaos.hosts import wait_until
from nova.db.api import models as api_models
from nova.db.idempotency import clock
from nova.db.idempotency.rows import RESOURCES
from nova.db.idempotency.rows import TOKENS

_MADE = (
    sa.select(
        api_models.InstanceMapping.project_id,
        api_models.InstanceMapping.instance_uuid,
    ),
    sa.select(api_models.KeyPair.user_id, api_models.KeyPair.name),
)
_BOUND = sa.select(TOKENS.c.project_id, RESOURCES.c.resource_id).join_from(
    RESOURCES, TOKENS, RESOURCES.c.token_id == TOKENS.c.id
)


class Ledger:
    """Reads one API database, and lets time pass in it.

    :param url: the database
    """

    def __init__(self, url: str) -> None:
        self._engine = databases.engine(url)

    def entries(self) -> dict[str, Entry]:
        """Return what every caller has that has anything."""
        made: dict[str, list[str]] = {}
        bound: dict[str, list[str]] = {}
        with self._engine.connect() as connection:
            for query, into in ((_MADE[0], made), (_MADE[1], made),
                                (_BOUND, bound)):
                for caller, resource in connection.execute(query):
                    into.setdefault(caller, []).append(resource)
        return {
            caller: Entry(
                tuple(made.get(caller, ())), tuple(bound.get(caller, ()))
            )
            for caller in made.keys() | bound.keys()
        }

    def entry(self, caller: str) -> Entry:
        """Return what one caller has.

        :param caller: the caller
        """
        return self.entries().get(caller, Entry())

    def locked(self, caller: str) -> bool:
        """Tell whether a transaction has the row of a caller's token.

        :param caller: the caller
        """
        mine = sa.select(TOKENS.c.id).where(TOKENS.c.project_id == caller)
        with self._engine.begin() as connection:
            all_ = connection.scalars(mine).all()
            free = mine.with_for_update(skip_locked=True)
            return len(connection.scalars(free).all()) < len(all_)

    def expire(self, caller: str) -> None:
        """Let the lease of a caller's token be over, and wait until it is.

        A row that is locked cannot be changed; its lease ends by itself.

        :param caller: the caller
        """

        def over() -> bool:
            mine = TOKENS.c.project_id == caller
            running = TOKENS.c.lease_until > clock.now()
            unlocked = sa.select(TOKENS.c.id).where(mine)
            with self._engine.begin() as connection:
                keys = connection.scalars(
                    unlocked.with_for_update(skip_locked=True)
                ).all()
                connection.execute(
                    sa.update(TOKENS)
                    .where(TOKENS.c.id.in_(keys))
                    .values(lease_until=0)
                )
                left = sa.select(TOKENS.c.id).where(mine, running)
                return not connection.scalars(left).all()

        wait_until(over, "a lease is over")
