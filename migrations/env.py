# SPDX-License-Identifier: Apache-2.0
"""Runs migrations on the connection of openstack_idempotency.sql.migration."""

from __future__ import annotations

from alembic import context

from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.METADATA,
    version_table=migration.VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
