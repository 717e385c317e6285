# SPDX-License-Identifier: Apache-2.0
"""The tables of client tokens: protocol section 4.

They have a base of their own, so that neither Nova's models nor its
migrations know of them. Times are integers, milliseconds since the epoch:
they mean the same on every database and in every session's time zone.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import mysql

DIGEST_BYTES = 32
TARGET_CHARS = 255

# InnoDB cannot index a BLOB, and SQLite only numbers an INTEGER key.
_Digest = sa.LargeBinary(DIGEST_BYTES).with_variant(
    mysql.BINARY(DIGEST_BYTES), "mysql", "mariadb"
)
_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Sealed = sa.LargeBinary().with_variant(
    mysql.MEDIUMBLOB(), "mysql", "mariadb"
)
_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb3"}

BASE = orm.declarative_base()


class ClientToken(BASE):  # type: ignore[misc, valid-type]
    """One token of one caller for one target, and what became of it."""

    __tablename__ = "client_tokens"
    __table_args__ = (
        sa.UniqueConstraint(
            "token_digest",
            "target_digest",
            name="uniq_client_tokens0token_digest0target_digest",
        ),
        sa.Index("client_tokens_alias_of_idx", "alias_of"),
        sa.Index("client_tokens_expires_at_idx", "expires_at"),
        _OPTIONS,
    )

    id = sa.Column(_Key, primary_key=True, autoincrement=True)
    # The token, keyed with a secret and the caller; see Digests.
    token_digest = sa.Column(_Digest, nullable=False)
    target_digest = sa.Column(_Digest, nullable=False)
    # Set on the rows that a token has besides its own while a secret is
    # being rotated: the key of its own row. See Store.claim.
    alias_of = sa.Column(_Key, nullable=True)
    project_id = sa.Column(sa.String(255), nullable=True)
    user_id = sa.Column(sa.String(255), nullable=True)
    # For people: cut where it is longer. The digest above counts.
    target = sa.Column(sa.String(TARGET_CHARS), nullable=False)
    fingerprint = sa.Column(_Digest, nullable=False)
    # One of record.State.
    state = sa.Column(sa.String(16), nullable=False)
    # A random name for the request that holds the row: the fence.
    owner = sa.Column(sa.String(32), nullable=False)
    # How many resources are bound, so that one row tells it.
    linked = sa.Column(sa.Integer, nullable=False)
    request_id = sa.Column(sa.String(255), nullable=False)
    lease_until = sa.Column(sa.BigInteger, nullable=False)
    created_at = sa.Column(sa.BigInteger, nullable=False)
    expires_at = sa.Column(sa.BigInteger, nullable=False)
    status = sa.Column(sa.Integer, nullable=True)
    sealed = sa.Column(_Sealed, nullable=True)


class ClientTokenResource(BASE):  # type: ignore[misc, valid-type]
    """One resource that a token made, bound when it was committed."""

    __tablename__ = "client_token_resources"
    __table_args__ = (
        sa.Index("client_token_resources_token_id_idx", "token_id"),
        sa.Index("client_token_resources_kind_id_idx", "kind", "resource_id"),
        _OPTIONS,
    )

    id = sa.Column(_Key, primary_key=True, autoincrement=True)
    token_id = sa.Column(
        _Key, sa.ForeignKey("client_tokens.id"), nullable=False
    )
    kind = sa.Column(sa.String(32), nullable=False)
    resource_id = sa.Column(sa.String(255), nullable=False)
    # The primary key of the resource's own row: names can be used again.
    row_id = sa.Column(sa.BigInteger, nullable=False)
