# SPDX-License-Identifier: Apache-2.0
"""Very many tokens end, while requests run: protocol section 6."""

from __future__ import annotations

import threading

import fixtures
import sqlalchemy as sa

from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base

_ENDED = 200_000
_BATCH = 2_000
# Numbers, and 32 bytes of each: in their order, in which a server adds them to
# an index, and takes them out of it, several times as fast.
_NUMBERS = {
    "mysql": (f"seq_1_to_{_ENDED}", "UNHEX(LPAD(HEX(seq), 64, '0'))"),
    "postgresql": (
        f"generate_series(1, {_ENDED}) AS seq",
        "decode(lpad(to_hex(seq), 64, '0'), 'hex')",
    ),
}
# Seconds between two requests: at full speed, they and the purge would mostly
# wait for each other's turn in this one process, and for the disk.
_PAUSE = 0.05


@base.on_each_server
class _Flood(base.StoreTestCase):
    def test_they_go_and_no_request_waits_for_it(self) -> None:
        self._load()
        self.assertEqual(_ENDED, self.store.ended())
        other = self.store_on(self.useFixture(_Other(self)).manager)
        ended = threading.Event()
        deleted: list[int] = []

        def purge_all() -> None:
            try:
                while sum(deleted) < _ENDED:
                    deleted.append(self.store.purge(_BATCH).done)
            finally:
                ended.set()

        purging = threading.Thread(target=purge_all, daemon=True)
        purging.start()
        served = 0
        # One that waited for a lock would fail: so do those of the database.
        while not ended.wait(_PAUSE):
            self._serve(other, served)
            served += 1
        purging.join(base.SOON)
        self.assertGreater(served, 10)
        self.assertEqual((_ENDED, 0), (sum(deleted), self.store.ended()))
        self.assertEqual({_BATCH}, {*deleted})
        self.assertEqual(served, self._count(TOKENS))
        self.assertEqual(0, self._count(RESOURCES))

    def _serve(self, store: SqlTokenStore, number: int) -> None:
        """Do all that requests do with a token."""
        use = use_of(f"token {number}")
        key = store.claim(use)
        assert key is not None
        claim = self.claim_of(key, use)
        store.extend([claim])
        self.assertTrue(store.complete(claim, self.outcome()))
        _, row = store.look(use)
        assert row is not None
        self.assertEqual(b"sealed", row.sealed)

    def _load(self) -> None:
        """Put tokens there that ended long ago, a tenth with a resource."""
        held = self.hold(token="ended")
        self.store.complete(held.claim, self.outcome())
        source, digest = _NUMBERS[self.backend]
        changed = {
            "token_digest": sa.literal_column(digest),
            "expires_at": sa.literal(self.clock.milliseconds - purge.KEPT - 1),
        }
        names = [c.name for c in TOKENS.c if c.name != "id"]
        copies = sa.select(*[changed.get(n, TOKENS.c[n]) for n in names])
        copies = copies.select_from(TOKENS, sa.text(source))
        with self.database.engine.begin() as connection:
            connection.execute(sa.insert(TOKENS).from_select(names, copies))
            mine = TOKENS.c.id == held.claim.id
            connection.execute(sa.delete(TOKENS).where(mine))
            connection.exec_driver_sql(
                "INSERT INTO client_token_resources "
                "(token_id, kind, resource_id, row_key) "
                "SELECT id, 'thing', 'a thing', '1' FROM client_tokens "
                "WHERE MOD(id, 10) = 0"
            )

    def _count(self, table: sa.Table) -> int:
        with self.database.engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(table)
            return int(connection.scalar(query) or 0)


class _Other(fixtures.Fixture):
    """Connections of another process."""

    def __init__(self, test: base.StoreTestCase) -> None:
        self._test = test

    def _setUp(self) -> None:
        self.manager = self._test.database.connect()
