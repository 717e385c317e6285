# SPDX-License-Identifier: Apache-2.0
"""What the databases hold, told apart by caller.

Each token is used by a caller of its own, so whatever a caller has was made
under that token: Nova's rows tell it without ours.
"""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from chaos.databases import Databases
from chaos.entry import Entry
from chaos.grants import GIVEN
from chaos.hosts import wait_until
from embedded import database_server
from nova.db.api import models as api_models
from nova.db.main import models as main_models
from openstack_idempotency.sql import clock
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

# Servers are deleted by nobody in a campaign: one whose mapping waits for
# that was withdrawn.
_SERVERS = sa.select(
    api_models.InstanceMapping.project_id,
    api_models.InstanceMapping.instance_uuid,
    api_models.InstanceMapping.cell_id,
    sa.func.coalesce(
        api_models.InstanceMapping.queued_for_delete, sa.false()
    ),
)
_OTHERS = (
    sa.select(api_models.KeyPair.user_id, api_models.KeyPair.name),
    sa.select(
        api_models.InstanceGroup.project_id, api_models.InstanceGroup.uuid
    ).where(api_models.InstanceGroup.name != GIVEN),
)
_WAITING = sa.select(api_models.BuildRequest.instance_uuid)
_BOUND = sa.select(TOKENS.c.project_id, RESOURCES.c.resource_id).join_from(
    RESOURCES, TOKENS, RESOURCES.c.token_id == TOKENS.c.id
)
_BUILT = sa.select(
    main_models.Instance.project_id, main_models.Instance.uuid
).where(main_models.Instance.deleted == 0)


class Ledger:
    """Reads one site's databases, and lets time pass in them.

    :param urls: the databases
    """

    def __init__(self, urls: Databases) -> None:
        self._engine = database_server.engine(urls.api)
        self._cells = [
            database_server.engine(url) for url in (urls.cell0, urls.cell1)
        ]

    def entries(self) -> dict[str, Entry]:
        """Return what every caller has that has anything."""
        # First the cells: a server comes there before it leaves the rest.
        built = [row for cell in self._cells for row in _rows(cell, _BUILT)]
        servers = _rows(self._engine, _SERVERS)
        waiting = {uuid for (uuid,) in _rows(self._engine, _WAITING)}
        there = {uuid for _, uuid in built}
        kept = {uuid for _, uuid, _, queued in servers if not queued}
        tally = _Tally()
        for caller, uuid, cell, queued in servers:
            field = "made"
            if queued:
                field = "withdrawn"
            elif uuid not in (waiting if cell is None else there):
                field = "gone"
            tally.note(caller, field, uuid)
        for caller, uuid in built:
            if uuid not in kept:
                tally.note(caller, "stray", uuid)
        for query, field in (*((query, "made") for query in _OTHERS),
                             (_BOUND, "bound")):
            for caller, resource in _rows(self._engine, query):
                tally.note(caller, field, resource)
        return tally.entries()

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


class _Tally:
    def __init__(self) -> None:
        self._fields: dict[str, dict[str, list[str]]] = {}

    def note(self, caller: str, field: str, resource: str) -> None:
        mine = self._fields.setdefault(caller, {})
        mine.setdefault(field, []).append(resource)

    def entries(self) -> dict[str, Entry]:
        return {
            caller: Entry(**{name: tuple(ids) for name, ids in mine.items()})
            for caller, mine in self._fields.items()
        }


def _rows(
    engine: sa.Engine, query: sa.Select[ty.Any]
) -> list[sa.Row[ty.Any]]:
    with engine.connect() as connection:
        return list(connection.execute(query))
