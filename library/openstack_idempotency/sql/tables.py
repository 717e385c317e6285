# SPDX-License-Identifier: Apache-2.0
"""The tables of client tokens: protocol section 4.

They have metadata of their own, so that neither the service's models nor its
migrations know of them. Times are integers, milliseconds since the epoch:
they mean the same on every database and in every session's time zone.

No foreign key joins them: to check one, InnoDB locks gaps of the index, and
a worker that stops meanwhile would keep everybody waiting.
"""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

DIGEST_BYTES = 32
TARGET_CHARS = 255
VERSION_CHARS = 64
ROW_KEY_CHARS = 255
OPERATION_CHARS = 128
#: More than any key: so each stretch is a range of the primary key.
PAST_KEYS: ty.Final = 2**63 - 1

# InnoDB cannot index a BLOB, and SQLite only numbers an INTEGER key.
_Digest = sa.LargeBinary(DIGEST_BYTES).with_variant(
    mysql.BINARY(DIGEST_BYTES), "mysql", "mariadb"
)
_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Sealed = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
# A TEXT of MariaDB has 64 KiB, which some hundred long names fill.
_Roles = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_OPTIONS: dict[str, ty.Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb3",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb3",
    # A key is never assigned twice, as on the servers: what is left of a
    # deleted token must not pass to another one.
    "sqlite_autoincrement": True,
}

METADATA: ty.Final = sa.MetaData()

#: One token of one caller for one target, and what became of it.
TOKENS: ty.Final = sa.Table(
    "client_tokens",
    METADATA,
    sa.Column("id", _Key, primary_key=True, autoincrement=True),
    # The token, keyed with a secret and the caller; see Digests.
    sa.Column("token_digest", _Digest, nullable=False),
    sa.Column("target_digest", _Digest, nullable=False),
    # Set on the rows that a token has besides its own while a secret is
    # being rotated: the digest of its own row. See TokenStore.claim.
    sa.Column("alias_of", _Digest, nullable=True),
    sa.Column("fingerprint", _Digest, nullable=False),
    # Which secret the digests are keyed with, and who wrote the row.
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("project_id", sa.String(255), nullable=True),
    sa.Column("user_id", sa.String(255), nullable=True),
    sa.Column("domain_id", sa.String(255), nullable=True),
    sa.Column("system_scope", sa.String(255), nullable=True),
    # These two are for people: cut where they are longer.
    sa.Column("target", sa.String(TARGET_CHARS), nullable=False),
    sa.Column("version", sa.String(VERSION_CHARS), nullable=False),
    # A JSON list of names in lower case, sorted; ASCII.
    sa.Column("roles", _Roles, nullable=False),
    # One of record.State.
    sa.Column("state", sa.String(16), nullable=False),
    # Whether the operation bound what it made when this row was written.
    sa.Column("linked", sa.Boolean, nullable=False),
    # How many resources are bound, so that one row tells it.
    sa.Column("bound", sa.Integer, nullable=False),
    # How many times another request has taken the row over.
    sa.Column("takeovers", sa.Integer, nullable=False),
    # How many withdrawals have still to be undone outside of this database.
    sa.Column("undo", sa.Integer, nullable=False),
    # A random name for the request that holds the row: the fence.
    sa.Column("owner", sa.String(32), nullable=False),
    # How many transactions were fenced by this row. A node of Galera compares
    # only what has changed with what the others have committed.
    sa.Column("fence", sa.BigInteger, nullable=False, default=0),
    sa.Column("request_id", sa.String(255), nullable=False),
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    # When the sealed answer goes; NULL: with the row, or gone already.
    sa.Column("answer_until", sa.BigInteger, nullable=True),
    # Whether the row stays as long as what it made (expires_at is FOREVER
    # then), and since when that is known to be gone.
    sa.Column("lasting", sa.Boolean, nullable=False),
    sa.Column("gone_at", sa.BigInteger, nullable=True),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("sealed", _Sealed, nullable=True),
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
        # The last key of the order in which a look-up lists them.
        "id",
    ),
    sa.Index("client_tokens_key_id_created_at_idx", "key_id", "created_at"),
    **_OPTIONS,
)

#: One resource that a token made, bound when it was committed.
RESOURCES: ty.Final = sa.Table(
    "client_token_resources",
    METADATA,
    sa.Column("id", _Key, primary_key=True, autoincrement=True),
    sa.Column("token_id", _Key, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("resource_id", sa.String(255), nullable=False),
    # The primary key of the resource's own row, as text: names can be used
    # again. Where keys can, too, the incarnation tells which one it was.
    sa.Column("row_key", sa.String(ROW_KEY_CHARS), nullable=True),
    sa.Column("incarnation", sa.String(255), nullable=True),
    sa.Index("client_token_resources_token_id_id_idx", "token_id", "id"),
    sa.Index("client_token_resources_kind_id_idx", "kind", "resource_id"),
    **_OPTIONS,
)

#: One resource that was taken back before the service went on with it.
WITHDRAWALS: ty.Final = sa.Table(
    "client_token_withdrawals",
    METADATA,
    sa.Column("id", _Key, primary_key=True, autoincrement=True),
    sa.Column("token_id", _Key, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("resource_id", sa.String(255), nullable=False),
    # JSON: what is to be undone outside of this database.
    sa.Column("todo", sa.Text, nullable=False),
    sa.Column("undone", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("client_token_withdrawals_token_id_id_idx", "token_id", "id"),
    sa.Index("client_token_withdrawals_undone_id_idx", "undone", "id"),
    **_OPTIONS,
)

#: How often something came of requests, since the table was made.
COUNTERS: ty.Final = sa.Table(
    "client_token_counters",
    METADATA,
    # A primary key and no other: see sql.counters. Each host has rows of its
    # own, for which only its own processes wait.
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("operation", sa.String(OPERATION_CHARS), primary_key=True),
    # One of answer.Verdict, or of counters.Event.
    sa.Column("state", sa.String(32), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    **{k: v for k, v in _OPTIONS.items() if k != "sqlite_autoincrement"},
)
