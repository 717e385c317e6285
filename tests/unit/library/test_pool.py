# SPDX-License-Identifier: Apache-2.0
"""The warning of fewer connections than threads."""

from __future__ import annotations

import sys
import types
import typing as ty

import ddt
import fixtures
import testtools

from openstack_idempotency.sql import pool


@ddt.ddt
class PoolTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())

    def serve(self, **options: ty.Any) -> None:
        """Let this process look like one of uWSGI's."""
        module = types.ModuleType("uwsgi")
        module.opt = options  # type: ignore[attr-defined]
        sys.modules["uwsgi"] = module
        self.addCleanup(sys.modules.pop, "uwsgi")

    def test_more_threads_than_connections(self) -> None:
        self.serve(threads=b"16")
        pool.check("api_database", 5)
        for words in ("[api_database] max_pool_size is 5", "at least 16"):
            self.assertIn(words, self.log.output)

    @ddt.named_data(
        ("as_many", {"threads": b"5"}),
        ("one_thread", {}),
        ("without_a_number", {"threads": True}),
        ("more_than_once", {"threads": [b"4", b"16"]}),
    )
    def test_nothing_is_said(self, options: dict[str, ty.Any]) -> None:
        self.serve(**options)
        pool.check("api_database", 5)
        self.assertEqual("", self.log.output)

    def test_nothing_is_said_where_nothing_tells_the_threads(self) -> None:
        pool.check("api_database", 1)
        self.assertEqual("", self.log.output)
