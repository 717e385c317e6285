# SPDX-License-Identifier: Apache-2.0
"""Cinder on MariaDB and on PostgreSQL: one operation, and its ends."""

from __future__ import annotations

from tests.services import servers


class ServersTest(servers.OnServers):
    tests = (
        "test_operations.TableTest."
        "test_it_is_in_the_database_that_the_process_is_for",
        "test_operations.OnceTest.test_twice_volumes",
        "test_operations.BeforeTest.test_before_the_commit_volumes",
        "test_operations.AfterTest.test_after_the_commit_volumes",
        "test_operations.LinkedTest.test_slow_worker_volumes",
    )
