# SPDX-License-Identifier: Apache-2.0
"""Runs migrations on the connection that nova.db.idempotency.migration has."""

from alembic import context

from nova.db.idempotency import migration
from nova.db.idempotency import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.METADATA,
    version_table=migration.VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
