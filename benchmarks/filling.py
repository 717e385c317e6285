# SPDX-License-Identifier: Apache-2.0
"""Tables of tokens of any size, filled by the database itself."""

from __future__ import annotations

import dataclasses
import time
import typing as ty
import uuid

import sqlalchemy as sa

from openstack_idempotency.sql.purge import KEPT
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

#: The id of the request that all tokens are from.
REQUEST: ty.Final = f"req-{uuid.UUID(int=0)}"

# Rows of one statement: more would fill the server's log of changes.
_BATCH = 100_000
# Above so many rows, digests come in the order of their index: at random, each
# row would be written to a page that is not in memory.
_MOST_AT_RANDOM = 1_000_000
# Of the first seven bytes of a digest: what is in order then.
_SPAN = 2**56

_DIGEST = {
    "mysql": "UNHEX(SHA2(seq, 256))",
    "postgresql": "sha256(seq::text::bytea)",
}
_IN_ORDER = {
    "mysql": (
        "UNHEX(CONCAT(LPAD(HEX(seq * {step}), 14, '0'),"
        " LEFT(SHA2(seq, 256), 50)))"
    ),
    "postgresql": (
        "decode(lpad(to_hex(seq::bigint * {step}), 14, '0')"
        " || left(encode(sha256(seq::text::bytea), 'hex'), 50), 'hex')"
    ),
}
_NUMBERS = {
    "mysql": "seq_{first}_to_{last}",
    "postgresql": "generate_series({first}, {last}) AS seq",
}
# As much as a server's answer has.
_SEALED = {
    "mysql": "REPEAT('s', 700)",
    "postgresql": "repeat('s', 700)::bytea",
}
_BYTES = {"mysql": "'{0}'", "postgresql": "'{0}'::bytea"}
_FILE = {
    "mysql": (
        "SELECT data_length + index_length FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = :name"
    ),
    "postgresql": "SELECT pg_total_relation_size(CAST(:name AS regclass))",
}
_ANALYZE = {"mysql": "ANALYZE TABLE {0}", "postgresql": "ANALYZE {0}"}


@dataclasses.dataclass(frozen=True)
class Content:
    """What a table is filled with.

    :param rows: how many tokens, each with a resource that is bound to it
    :param answers: whether each has a sealed answer
    :param ended: whether they have ended, so that a purge deletes them
    """

    rows: int
    answers: bool = True
    ended: bool = False


def fill(engine: sa.Engine, content: Content) -> None:
    """Fill the tables of tokens and of resources, in the order of keys.

    :param engine: of a database in which they are empty
    :param content: what with
    """
    for first in range(1, content.rows + 1, _BATCH):
        last = min(first + _BATCH - 1, content.rows)
        with engine.begin() as connection:
            _tokens(connection, content, first, last)
    # On PostgreSQL it is undone where it is not committed, and then a purge
    # reads the whole table for each batch.
    with engine.begin() as connection:
        for table in (TOKENS, RESOURCES):
            analyze = _ANALYZE[engine.dialect.name].format(table.name)
            connection.exec_driver_sql(analyze)


def bytes_on_disk(engine: sa.Engine, table: sa.Table) -> int:
    """Return what a table takes, indexes among it.

    :param engine: of its database
    :param table: the table, which was just filled
    """
    query = sa.text(_FILE[engine.dialect.name])
    with engine.connect() as connection:
        return int(connection.scalar(query, {"name": table.name}) or 0)


def _tokens(
    connection: sa.Connection, content: Content, first: int, last: int
) -> None:
    backend = connection.dialect.name
    values = columns(backend, content)
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in values)
    numbers = _NUMBERS[backend].format(first=first, last=last)
    connection.exec_driver_sql(
        f"INSERT INTO {TOKENS.name} ({names})"
        f" SELECT {', '.join(values.values())} FROM {numbers}"
    )
    # Keys begin with 1 in a new table.
    connection.exec_driver_sql(
        f"INSERT INTO {RESOURCES.name} (token_id, kind, resource_id, row_key)"
        f" SELECT id, 'thing', owner, '1' FROM {TOKENS.name}"
        f" WHERE id BETWEEN {first} AND {last}"
    )


def columns(backend: str, content: Content) -> dict[str, str]:
    """Return what each row of tokens has, as SQL on the number `seq`.

    :param backend: "mysql" or "postgresql"
    :param content: what the table is filled with
    """
    digest = _DIGEST[backend]
    if content.rows > _MOST_AT_RANDOM:
        step = _SPAN // (content.rows + 1)
        digest = _IN_ORDER[backend].format(step=step)
    text = _BYTES[backend].format
    end = int(time.time() * 1000) + 86_400_000
    if content.ended:
        # In an hour more rows end than have ended: none of them is young.
        end = int(time.time() * 1000) - 2 * KEPT - content.rows
    return {
        "token_digest": digest,
        "target_digest": text("t" * 32),
        "fingerprint": text("f" * 32),
        "key_id": "'0123456789abcdef'",
        "host": "'host'",
        "project_id": f"'{uuid.uuid4().hex}'",
        "user_id": f"'{uuid.uuid4().hex}'",
        "target": "'POST /things'",
        "version": "''",
        "roles": "'[\"member\"]'",
        "state": "'succeeded'",
        "linked": "TRUE",
        "bound": "1",
        "takeovers": "0",
        "undo": "0",
        "fence": "0",
        "owner": f"'{uuid.uuid4().hex}'",
        "request_id": f"'{REQUEST}'",
        "lease_until": "0",
        "created_at": f"{end} - 86400000 + seq",
        "expires_at": f"{end} + seq",
        "answer_until": "NULL",
        "lasting": "FALSE",
        "status": "202",
        "sealed": _SEALED[backend] if content.answers else "NULL",
    }


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What the rows of one token take on disk, indexes among it.

    :param token: bytes of its own row
    :param resource: bytes of the row of what is bound to it
    """

    token: float
    resource: float

    @classmethod
    def of(cls, engine: sa.Engine, rows: int) -> ty.Self:
        """Return the sizes in tables that were just filled.

        :param engine: of their database
        :param rows: how many tokens they have
        """
        token, resource = (
            bytes_on_disk(engine, table) / rows
            for table in (TOKENS, RESOURCES)
        )
        return cls(token, resource)
