# SPDX-License-Identifier: Apache-2.0
"""`db sync` on several nodes at the same moment."""

from __future__ import annotations

import multiprocessing
import unittest

import sqlalchemy as sa

from chaos import databases
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables
from tests.galera import base
from tests.galera import syncing

_PATIENCE = 60.0
_ROUNDS = 2


class Tables(unittest.TestCase):
    """A server's lock keeps two runs apart, but it is a node's own."""

    def setUp(self):
        self.nodes = base.nodes()

    def sync_on_all(self, urls):
        """Return how the runs of all nodes ended."""
        processes = multiprocessing.get_context("spawn")
        together = processes.Barrier(len(self.nodes))
        runs = [
            processes.Process(
                target=syncing.sync, args=(urls.at(node.url).api, together)
            )
            for node in self.nodes
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join(_PATIENCE)
            self.addCleanup(run.kill)
        return [run.exitcode for run in runs]

    def test_all_runs_succeed(self):
        for _ in range(_ROUNDS):
            server = sa.make_url(self.nodes[0].current_url)
            urls = databases.create(databases.Databases, server)
            self.assertEqual([0, 0, 0], self.sync_on_all(urls))
            engine = sa.create_engine(urls.api, poolclass=sa.NullPool)
            self.assertEqual(
                migration.newest(), migration.db_version(engine)
            )
            there = set(sa.inspect(engine).get_table_names())
            self.assertLessEqual({*tables.METADATA.tables}, there)
