# SPDX-License-Identifier: Apache-2.0
"""Create the tables of client tokens."""

import typing as ty

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

revision = "5f3c1d8a2b40"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_DIGEST = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
_SEALED = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
_OPTIONS: dict[str, ty.Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb3",
}


def upgrade() -> None:
    """Create both tables and their indexes."""
    _create_client_tokens()
    _create_client_token_resources()


def _create_client_tokens() -> None:
    op.create_table(
        "client_tokens",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("token_digest", _DIGEST, nullable=False),
        sa.Column("target_digest", _DIGEST, nullable=False),
        sa.Column("alias_of", _KEY, nullable=True),
        sa.Column("project_id", sa.String(255), nullable=True),
        sa.Column("user_id", sa.String(255), nullable=True),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("fingerprint", _DIGEST, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("linked", sa.Integer, nullable=False),
        sa.Column("request_id", sa.String(255), nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("sealed", _SEALED, nullable=True),
        sa.UniqueConstraint(
            "token_digest",
            "target_digest",
            name="uniq_client_tokens0token_digest0target_digest",
        ),
        **_OPTIONS,
    )
    op.create_index(
        "client_tokens_alias_of_idx", "client_tokens", ["alias_of"]
    )
    op.create_index(
        "client_tokens_expires_at_idx", "client_tokens", ["expires_at"]
    )


def _create_client_token_resources() -> None:
    table = "client_token_resources"
    op.create_table(
        table,
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column(
            "token_id",
            _KEY,
            sa.ForeignKey("client_tokens.id"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("resource_id", sa.String(255), nullable=False),
        sa.Column("row_id", sa.BigInteger, nullable=False),
        **_OPTIONS,
    )
    op.create_index("client_token_resources_token_id_idx", table, ["token_id"])
    op.create_index(
        "client_token_resources_kind_id_idx", table, ["kind", "resource_id"]
    )
