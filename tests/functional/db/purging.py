# SPDX-License-Identifier: Apache-2.0
"""Tokens whose requests have ended."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import TTL
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base

LIFE = TTL // 1000
KEPT = purge.KEPT // 1000


class Purging(base.StoreTestCase):
    def ended(self, token: str = "token", **how: ty.Any) -> contract.Held:
        """Return a request that has ended; its token has not."""
        held = self.hold(token=token, **how)
        self.store.complete(held.claim, self.outcome())
        return held

    def count(self, table: sa.Table = TOKENS) -> int:
        with self.database.engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(table)
            return int(connection.scalar(query) or 0)

    def knows(self, use: Use) -> bool:
        return self.store.look(use)[1] is not None
