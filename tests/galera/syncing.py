# SPDX-License-Identifier: Apache-2.0
"""What a process does that syncs the tables beside others."""

from __future__ import annotations

import sqlalchemy as sa

from openstack_idempotency.sql import migration


def sync(url, together):
    """Sync the tables at the same moment as others.

    :param url: the database
    :param together: lets all of them go
    """
    engine = sa.create_engine(url)
    together.wait()
    migration.db_sync(engine)
