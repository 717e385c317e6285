# SPDX-License-Identifier: Apache-2.0
"""The tables are dropped: all of them, or none."""

from __future__ import annotations

import threading

import fixtures
import sqlalchemy as sa

from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables
from tests.functional.db import base


class _DropTestCase(base.EmptyTestCase):
    def setUp(self) -> None:
        super().setUp()
        migration.db_sync(self.engine)

    def tables(self) -> set[str]:
        return set(sa.inspect(self.engine).get_table_names())


@base.on_each_backend
class _Drop(_DropTestCase):
    def test_nothing_is_left_and_it_is_safe_to_run_again(self) -> None:
        for _ in range(2):
            migration.db_drop(self.engine)
            self.assertEqual(set(), self.tables())
        migration.db_sync(self.engine)
        self.assertLessEqual({*tables.METADATA.tables}, self.tables())


@base.on_each_server
class _InUse(_DropTestCase):
    """A worker that stops in a transaction keeps its locks."""

    def test_it_is_given_up_and_nobody_waits_for_long(self) -> None:
        name = f"{migration.__name__}._BRIEFLY"
        self.useFixture(fixtures.MonkeyPatch(name, 1))
        before = self.tables()
        with self.engine.connect() as worker, self.engine.connect() as other:
            if self.backend == "mysql":
                # As PostgreSQL's connections do here, whatever they wait for.
                other.exec_driver_sql("SET SESSION lock_wait_timeout = 5")
            read = sa.select(tables.TOKENS.c.id)
            worker.execute(read).all()
            dropped: list[str] = []

            def drop() -> None:
                try:
                    migration.db_drop(self.engine)
                except migration.Unusable as exc:
                    dropped.append(str(exc))

            thread = threading.Thread(target=drop, daemon=True)
            thread.start()
            # It may wait behind the one that drops: not longer than that.
            other.execute(read).all()
            thread.join(base.SOON)
        self.assertEqual(1, len(dropped))
        self.assertIn("a transaction uses the tables", dropped[0])
        self.assertEqual(before, self.tables())
        migration.db_drop(self.engine)
        self.assertEqual(set(), self.tables())
