# SPDX-License-Identifier: Apache-2.0
"""Connections of an API host that a proxy deals out to all nodes."""

from __future__ import annotations

from concurrent import futures
import os
from pathlib import Path
import tempfile
import threading
import typing as ty
import unittest

import ddt
import sqlalchemy as sa

from chaos import dealer
from chaos import states
from chaos.client import SERVER
from chaos.hosts import Worker
from chaos.operations import GROUPED
from embedded import haproxy
from openstack_idempotency.engine.points import Point
import testing.databases
from tests.galera import base

_ROUNDS = 2
_CLIENTS = 6
# What the guide asks for where connections are dealt out, and what there is
# otherwise.
_WAITS = {"waiting": 7, "unready": 0}
_OPERATIONS = {"server": SERVER, "servers": GROUPED}


@ddt.ddt
class Dealt(base.TestCase):
    """One host is enough: each of its transactions may be on any node."""

    dealt: ty.ClassVar[dict[str, list[Worker]]]

    @classmethod
    def setUpClass(cls) -> None:
        missing = haproxy.missing()
        if missing and not os.environ.get(testing.databases.REQUIRED):
            raise unittest.SkipTest(missing)
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        site = base.site()
        port = cls.enterClassContext(
            dealer.started(Path(folder), base.nodes())
        )
        through = sa.make_url(base.nodes()[0].url).set(port=port)
        urls = {
            name: site.urls[0].at(
                through.update_query_dict(
                    {"init_command": f"SET SESSION wsrep_sync_wait = {waits}"}
                ).render_as_string()
            )
            for name, waits in _WAITS.items()
        }
        running = cls.enterClassContext(site.hosts(urls))
        cls.dealt = {
            name: [host.fork() for _ in base.nodes()]
            for name, host in zip(urls, running, strict=True)
        }

    def come_to(self, how: str) -> None:
        """Send requests to workers of a host whose connections are dealt."""
        self.workers = self.dealt[how]

    def at_once(self) -> list[str | None]:
        """Send a request to all workers; return what all clients got."""
        together = threading.Barrier(_CLIENTS)

        def ask(number):
            together.wait()
            return self.insist(number % len(self.workers))

        with futures.ThreadPoolExecutor(_CLIENTS) as clients:
            answers = [*clients.map(ask, range(_CLIENTS))]
        return [answer.state for answer in answers]

    @ddt.data(*_OPERATIONS)
    def test_one_set_is_made(self, what):
        self.come_to("waiting")
        for _ in range(_ROUNDS):
            self.start_over(_OPERATIONS[what])
            said = self.at_once()
            self.assertEqual(1, said.count("executed"), said)
            self.assert_one()

    def test_one_set_is_made_by_nodes_that_do_not_wait(self):
        self.come_to("unready")
        for _ in range(_ROUNDS):
            self.start_over()
            said = self.at_once()
            self.assertLessEqual(said.count("executed"), 1, said)
            self.assert_one()

    def test_a_node_dies(self):
        self.come_to("waiting")
        node = self.nodes[0]
        self.addCleanup(node.wait_until_it_answers)
        self.start_over()
        with self.stopped(0, Point.BEFORE_COMMIT) as late:
            node.kill()
        # Whether it was on that node is the proxy's choice.
        self.assertIn(late().state, {"executed", *states.AGAIN})
        self.insist(1)
        mine, named = self.client, self.named
        self.start_over()
        self.insist(2)
        node.start()
        node.wait_until_it_answers()
        self.assert_one()
        self.client, self.named = mine, named
        self.assert_one()
