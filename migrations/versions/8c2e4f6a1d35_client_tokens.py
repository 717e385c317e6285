# SPDX-License-Identifier: Apache-2.0
"""Create the tables of client tokens.

What is there is left alone: on MariaDB a statement that creates a table or
an index cannot be rolled back, so a run that died between two of them has to
be able to go on.
"""

from __future__ import annotations

import typing as ty

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

revision = "8c2e4f6a1d35"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_DIGEST = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
_SEALED = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
_ROLES = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_OPTIONS: dict[str, ty.Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb3",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb3",
    "sqlite_autoincrement": True,
}


def upgrade() -> None:
    """Create the tables and their indexes."""
    metadata = sa.MetaData()
    connection = op.get_bind()
    for table in (
        _tokens(metadata),
        _resources(metadata),
        _withdrawals(metadata),
        _counters(metadata),
    ):
        table.create(connection, checkfirst=True)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            index.create(connection, checkfirst=True)


def _of_the_request() -> tuple[sa.Column[ty.Any], ...]:
    return (
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("token_digest", _DIGEST, nullable=False),
        sa.Column("target_digest", _DIGEST, nullable=False),
        sa.Column("alias_of", _DIGEST, nullable=True),
        sa.Column("fingerprint", _DIGEST, nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=True),
        sa.Column("user_id", sa.String(255), nullable=True),
        sa.Column("domain_id", sa.String(255), nullable=True),
        sa.Column("system_scope", sa.String(255), nullable=True),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("roles", _ROLES, nullable=False),
    )


def _of_its_outcome() -> tuple[sa.Column[ty.Any], ...]:
    return (
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("linked", sa.Boolean, nullable=False),
        sa.Column("bound", sa.Integer, nullable=False),
        sa.Column("takeovers", sa.Integer, nullable=False),
        sa.Column("undo", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.String(255), nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("answer_until", sa.BigInteger, nullable=True),
        sa.Column("lasting", sa.Boolean, nullable=False),
        sa.Column("gone_at", sa.BigInteger, nullable=True),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("sealed", _SEALED, nullable=True),
    )


def _tokens(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "client_tokens",
        metadata,
        *_of_the_request(),
        *_of_its_outcome(),
        sa.UniqueConstraint(
            "token_digest",
            "target_digest",
            name="uniq_client_tokens0token_digest0target_digest",
        ),
        sa.Index("client_tokens_expires_at_idx", "expires_at"),
        sa.Index("client_tokens_answer_until_idx", "answer_until"),
        sa.Index("client_tokens_lasting_id_idx", "lasting", "id"),
        sa.Index("client_tokens_alias_of_idx", "alias_of"),
        sa.Index(
            "client_tokens_project_id_user_id_created_at_id_idx",
            "project_id",
            "user_id",
            "created_at",
            "id",
        ),
        sa.Index(
            "client_tokens_key_id_created_at_idx", "key_id", "created_at"
        ),
        **_OPTIONS,
    )


def _resources(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "client_token_resources",
        metadata,
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("token_id", _KEY, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("resource_id", sa.String(255), nullable=False),
        sa.Column("row_key", sa.String(255), nullable=True),
        sa.Column("incarnation", sa.String(255), nullable=True),
        sa.Index("client_token_resources_token_id_id_idx", "token_id", "id"),
        sa.Index("client_token_resources_kind_id_idx", "kind", "resource_id"),
        **_OPTIONS,
    )


def _withdrawals(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "client_token_withdrawals",
        metadata,
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("token_id", _KEY, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("resource_id", sa.String(255), nullable=False),
        sa.Column("todo", sa.Text, nullable=False),
        sa.Column("undone", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Index("client_token_withdrawals_token_id_id_idx", "token_id", "id"),
        sa.Index("client_token_withdrawals_undone_id_idx", "undone", "id"),
        **_OPTIONS,
    )


def _counters(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "client_token_counters",
        metadata,
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("operation", sa.String(128), primary_key=True),
        sa.Column("state", sa.String(32), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        **{k: v for k, v in _OPTIONS.items() if k != "sqlite_autoincrement"},
    )
