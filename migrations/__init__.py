# SPDX-License-Identifier: Apache-2.0
"""Migrations of the client tokens' tables, nova.db.idempotency.migrations."""
