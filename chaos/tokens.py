# SPDX-License-Identifier: Apache-2.0
"""What is there, told apart by caller, and time for their tokens."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from chaos.entry import Entry
from chaos.hosts import wait_until
from embedded import database_server
from openstack_idempotency.sql import clock
from openstack_idempotency.sql.tables import TOKENS


class Tokens:
    """Reads the tokens of a service, and lets time pass for them.

    :param url: the database in which they are
    """

    def __init__(self, url: str) -> None:
        self.engine = database_server.engine(url)

    def entries(self) -> dict[str, Entry]:
        """Return what every caller has that has anything."""
        raise NotImplementedError

    def entry(self, caller: str) -> Entry:
        """Return what one caller has.

        :param caller: the caller
        """
        return self.entries().get(caller, Entry())

    def locked(self, caller: str) -> bool:
        """Tell whether a transaction has the row of a caller's token.

        :param caller: the caller
        """
        mine = sa.select(TOKENS.c.id).where(TOKENS.c.user_id == caller)
        with self.engine.begin() as connection:
            all_ = connection.scalars(mine).all()
            free = mine.with_for_update(skip_locked=True)
            return len(connection.scalars(free).all()) < len(all_)

    def expire(self, caller: str) -> None:
        """Let the lease of a caller's token be over, and wait until it is.

        A row that is locked cannot be changed; its lease ends by itself.

        :param caller: the caller
        """

        def over() -> bool:
            mine = TOKENS.c.user_id == caller
            unlocked = sa.select(TOKENS.c.id).where(mine)
            with self.engine.begin() as connection:
                keys = connection.scalars(
                    unlocked.with_for_update(skip_locked=True)
                ).all()
                connection.execute(
                    sa.update(TOKENS)
                    .where(TOKENS.c.id.in_(keys))
                    .values(lease_until=0)
                )
            return self.lapsed(caller)

        wait_until(over, "a lease is over")

    def lapsed(self, caller: str) -> bool:
        """Tell whether the lease of a caller's token is over.

        :param caller: the caller
        """
        running = sa.select(TOKENS.c.id).where(
            TOKENS.c.user_id == caller, TOKENS.c.lease_until > clock.now()
        )
        return not rows(self.engine, running)


def rows(
    engine: sa.Engine, query: sa.Executable
) -> list[sa.Row[ty.Any]]:
    """Return what a query gives.

    :param engine: the database
    :param query: the query
    """
    with engine.connect() as connection:
        return list(connection.execute(query))
