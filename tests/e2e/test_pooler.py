# SPDX-License-Identifier: Apache-2.0
"""PgBouncer in transaction mode before PostgreSQL: nothing is a session's."""

from __future__ import annotations

from concurrent import futures
from pathlib import Path
import tempfile
import unittest

import sqlalchemy as sa

from embedded import database_server
from embedded import ports
from embedded.children import Children
from openstack_idempotency.sql import migration
from region import pooler
from testing import databases

# More than the pooler has connections for a database.
AT_ONCE = 6
_LOCKS = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")


class PoolerTest(unittest.TestCase):
    def setUp(self) -> None:
        missing = databases.missing("postgresql") or pooler.missing()
        if missing:
            self.skipTest(missing)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        children = Children()
        self.addCleanup(children.stop)
        (port,) = ports.free(1)
        server = database_server.named("postgresql")
        through = pooler.before(server, folder / "pooler", port, children)
        url = databases.fresh(server, "pooled", self.addCleanup)
        self.past = sa.make_url(url)
        self.through = through.set(database=self.past.database)

    def at_once(self, work) -> list:
        """Do something as often at once, on connections of the pooler's."""

        def one(_: int):
            engine = database_server.engine(self.through)
            try:
                return work(engine)
            finally:
                engine.dispose()

        with futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(AT_ONCE)))

    def look(self) -> None:
        """Look that no connection keeps a lock, or a setting, of ours."""
        with database_server.engine(self.past).connect() as connection:
            here = sa.text(
                f"{_LOCKS} AND database = (SELECT oid FROM pg_database "
                "WHERE datname = current_database())"
            )
            self.assertEqual(0, connection.scalar(here))
        asked = self.at_once(self.lock_timeout)
        self.assertEqual({"0"}, {*asked})

    def lock_timeout(self, engine: sa.Engine) -> str:
        with engine.connect() as connection:
            # So that all of them are in use at the same time.
            connection.execute(sa.text("SELECT pg_sleep(0.2)"))
            return str(connection.scalar(sa.text("SHOW lock_timeout")))

    def test_syncs_at_once_leave_nothing_behind(self) -> None:
        for _ in range(3):
            self.at_once(migration.db_sync)
            version = migration.db_version(database_server.engine(self.past))
            self.assertEqual(migration.newest(), version)
            self.look()
            self.at_once(migration.db_drop)
            self.look()
