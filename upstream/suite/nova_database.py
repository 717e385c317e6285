# SPDX-License-Identifier: Apache-2.0
"""Nova's API database with our tables, new for each of Nova's tests."""

from __future__ import annotations

from nova.tests import fixtures
from openstack_idempotency.sql import migration


class Database(fixtures.Database):  # type: ignore[misc]
    """Nova's fixture; its API database has our tables, too."""

    def setUp(self) -> None:
        """Create the database."""
        super().setUp()
        if self.database == "api":
            migration.db_sync(self.get_engine())
