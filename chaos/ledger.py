# SPDX-License-Identifier: Apache-2.0
"""What the databases hold, told apart by caller.

Each token is used by a caller of its own, so whatever a caller has was made
under that token: Nova's rows tell it without ours.
"""

from __future__ import annotations

import sqlalchemy as sa

from chaos.databases import Databases
from chaos.entry import Entry
from chaos.entry import Tally
from chaos.grants import GIVEN
from chaos.tokens import rows
from chaos.tokens import Tokens
from embedded import database_server
from nova.db.api import models as api_models
from nova.db.main import models as main_models
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


class Ledger(Tokens):
    """Reads one site's databases, and lets time pass in them.

    :param urls: the databases
    """

    def __init__(self, urls: Databases) -> None:
        super().__init__(urls.api)
        self._cells = [
            database_server.engine(url) for url in (urls.cell0, urls.cell1)
        ]

    def entries(self) -> dict[str, Entry]:
        """Return what every caller has that has anything."""
        # First the cells: a server comes there before it leaves the rest.
        built = [row for cell in self._cells for row in rows(cell, _BUILT)]
        servers = rows(self.engine, _SERVERS)
        waiting = {uuid for (uuid,) in rows(self.engine, _WAITING)}
        there = {uuid for _, uuid in built}
        kept = {uuid for _, uuid, _, queued in servers if not queued}
        tally = Tally()
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
            for caller, resource in rows(self.engine, query):
                tally.note(caller, field, resource)
        return tally.entries()
