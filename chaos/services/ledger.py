# SPDX-License-Identifier: Apache-2.0
"""What the database of a service holds, told apart by caller."""

from __future__ import annotations

import sqlalchemy as sa

from chaos.databases import Database
from chaos.entry import Entry
from chaos.entry import Tally
from chaos.services.row import Row
from chaos.tokens import rows
from chaos.tokens import Tokens
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

_BOUND = sa.select(
    TOKENS.c.user_id, RESOURCES.c.kind, RESOURCES.c.resource_id
).join_from(RESOURCES, TOKENS, RESOURCES.c.token_id == TOKENS.c.id)


class Ledger(Tokens):
    """Reads one service's database, and lets time pass in it.

    :param row: what is known of the service
    :param url: the database
    """

    def __init__(self, row: Row, url: Database) -> None:
        super().__init__(url.api)
        self._row = row
        self._changes = {each.kind for each in row.operations if each.changes}

    def entries(self) -> dict[str, Entry]:
        """Return what every caller has that has anything."""
        tally = Tally()
        for query in self._row.made.values():
            for caller, resource in rows(self.engine, sa.text(query)):
                tally.note(caller, "made", resource)
        for caller, kind, resource in rows(self.engine, _BOUND):
            # What a change is bound to has no id, or that of what it changes.
            named = caller if kind in self._changes else resource
            tally.note(caller, "bound", named)
        return tally.entries()
