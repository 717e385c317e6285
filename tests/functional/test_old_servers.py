# SPDX-License-Identifier: Apache-2.0
"""An API database that cannot do what tokens need, or does not answer."""

from __future__ import annotations

from unittest import mock

import fixtures
import psycopg2
import pymysql

from nova.idempotency import router
from openstack_idempotency import opts
from openstack_idempotency.sql import capability
from testing.nova import base

# What a server before MariaDB 10.6 or MySQL 8.0.1 makes of it.
BROKEN = "SELECT 1 FROM (SELECT 1 AS one) AS probe FOR UPDATE SKIPLOCKED"


class Old(base.Mixin):
    """The API does not start, and says what is needed."""

    def test_it_refuses_to_start(self):
        name = f"{capability.__name__}._SKIP_LOCKED"
        self.useFixture(fixtures.MonkeyPatch(name, BROKEN))
        self.configure()
        error = self.assertRaises(
            opts.Misconfigured, router.APIRouterV21.factory, {}
        )
        for said in (
            "[api_database]",
            "SKIP LOCKED",
            "MariaDB 10.6",
            "MySQL 8.0.1",
            "PostgreSQL 9.5",
            "this server reports version",
        ):
            self.assertIn(said, str(error))

    def test_one_that_can_is_no_obstacle(self):
        self.configure()
        router.APIRouterV21.factory({})


class OutOfReach(base.Mixin):
    """The API starts, and looks at the server when it is there."""

    def test_it_starts_and_answers_when_it_is_back(self):
        self.configure()
        with (
            mock.patch.object(
                pymysql, "connect", side_effect=pymysql.OperationalError(2003)
            ),
            mock.patch.object(
                psycopg2, "connect", side_effect=psycopg2.OperationalError
            ),
        ):
            self.start_api()
            answer = self.boot("t")
            self.assert_fault(answer, 503, "with the same token")
        self.assertEqual(202, self.boot("t").status_code)
        self.assertEqual(1, len(self.servers()))

    def test_an_old_one_that_comes_later_is_refused_then(self):
        name = f"{capability.__name__}._SKIP_LOCKED"
        self.configure()
        with (
            mock.patch.object(
                pymysql, "connect", side_effect=pymysql.OperationalError(2003)
            ),
            mock.patch.object(
                psycopg2, "connect", side_effect=psycopg2.OperationalError
            ),
        ):
            self.start_api()
        self.useFixture(fixtures.MonkeyPatch(name, BROKEN))
        for _ in range(2):
            answer = self.boot("t")
            self.assert_fault(answer, 503, "with the same token")
        logged = self.stdlog.logger.output
        self.assertIn("does not support SKIP LOCKED", logged)
        self.assertEqual([], self.servers())
        self.assertEqual([], self.rows())


SERVERS = ("mysql", "postgresql")
globals().update(base.on_each_database(Old, SERVERS))
globals().update(base.on_each_database(OutOfReach, SERVERS))
