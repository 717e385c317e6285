# SPDX-License-Identifier: Apache-2.0
"""The same control plane on other databases and under another server."""

from __future__ import annotations

from concurrent import futures
import typing as ty
import unittest

from embedded import database_server
from embedded.platform import Platform
from embedded.platform import UWSGI
from embedded.platform import WAITRESS
from testing import databases
from testing.cloud import Cloud


class OnServer(unittest.TestCase):
    """A boot on a network, on a database server that the gate has."""

    platform: ty.ClassVar[Platform]

    def setUp(self) -> None:
        missing = databases.missing(self.platform.database)
        if missing:
            self.skipTest(missing)
        self.cloud = Cloud(self.platform)
        self.addCleanup(self.cloud.close)

    def boot(self) -> None:
        """Boot a server, eight times at once, and look for its one port."""
        on_the_network = [{"uuid": self.cloud.network["id"]}]
        body = self.cloud.server("smoke", networks=on_the_network)
        with futures.ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: self.cloud.boot(body, "smoke"), range(8))
            )
        self.assertEqual({202}, {a.status_code for a in answers})
        self.assertEqual(1, len({a.content for a in answers}))
        (server,) = self.cloud.ids("smoke")
        self.cloud.wait_until_active(server)
        self.assertEqual(1, len(self.cloud.ports(server)))

    def leave(self) -> None:
        """Stop everything, and look that the server has no trace of it."""
        location = self.platform.location
        assert location is not None
        names = self.cloud.site.on_server.values()
        self.assertTrue(database_server.present(location, names))
        self.cloud.close()
        for name in names:
            self.assertFalse(database_server.present(location, [name]), name)


class MysqlAndUwsgiTest(OnServer):
    platform = Platform("mysql", UWSGI)

    def test_one_boot_and_nothing_left_behind(self) -> None:
        self.boot()
        self.leave()


class PostgresqlAndWaitressTest(OnServer):
    platform = Platform("postgresql", WAITRESS)

    def test_one_boot_and_nothing_left_behind(self) -> None:
        self.boot()
        self.leave()
