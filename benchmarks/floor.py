# SPDX-License-Identifier: Apache-2.0
"""What no engine can do without: the same durable transactions, by hand.

Written with the driver alone, in its own way (each transaction begins with its
first statement), on connections that are kept.
"""

from __future__ import annotations

import contextlib
import time
import typing as ty
import uuid

import sqlalchemy as sa

from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

# A sealed answer of some 500 bytes has about as many.
_SEALED = b"s" * 620
_ROW: ty.Final[dict[str, ty.Any]] = {
    "fingerprint": b"f" * 32,
    "key_id": "0123456789abcdef",
    "host": "host",
    "project_id": "project",
    "user_id": "user",
    "domain_id": None,
    "system_scope": None,
    "target_digest": b"t" * 32,
    "target": "POST /things",
    "version": "",
    "roles": '["member"]',
    "linked": True,
    "state": "running",
    "bound": 0,
    "takeovers": 0,
    "undo": 0,
    "fence": 0,
    "answer_until": None,
    "lasting": False,
    "gone_at": None,
    "status": None,
    "sealed": None,
}
_GIVEN = ("token_digest", "owner", "request_id", "lease_until", "created_at",
          "expires_at")
_FENCE = (
    f"UPDATE {TOKENS.name} SET bound = bound + 1, fence = fence + 1"
    " WHERE id = %s AND owner = %s"
)
_MAKE = "INSERT INTO things (name) VALUES (%s)"
_BIND = (
    f"INSERT INTO {RESOURCES.name} (token_id, kind, resource_id, row_key)"
    " VALUES (%s, 'thing', 'a thing', %s)"
)
_COMPLETE = (
    f"UPDATE {TOKENS.name} SET state = 'succeeded', status = 202, sealed = %s,"
    " expires_at = %s, answer_until = %s WHERE id = %s AND owner = %s"
)
_LOOK = (
    f"SELECT id, fingerprint, state, owner, status, sealed FROM {TOKENS.name}"
    " WHERE token_digest = %s AND target_digest = %s"
)


class Floor:
    """Requests with a token, answered by hand.

    :param url: the database, which has the tables
    """

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        self._returns = url.get_backend_name() == "postgresql"
        self._idle: list[ty.Any] = []
        quote = self._engine.dialect.identifier_preparer.quote
        columns = [quote(name) for name in (*_GIVEN, *_ROW)]
        self._claim = (
            f"INSERT INTO {TOKENS.name} ({', '.join(columns)})"
            f" VALUES ({', '.join(['%s'] * len(columns))})"
        )

    def answer(self, token: bytes) -> None:
        """Claim a token, make a thing, bind it, and store an answer.

        :param token: 32 bytes
        """
        with self._connection() as connection:
            self._answer(connection, connection.cursor(), token)

    def replay(self, token: bytes) -> None:
        """Read a token's answer.

        :param token: 32 bytes
        :raises LookupError: there is none
        """
        with self._connection() as connection:
            cursor = connection.cursor()
            cursor.execute(_LOOK, (token, _ROW["target_digest"]))
            if cursor.fetchone() is None:
                raise LookupError("the token of a replay is not there")
            connection.commit()

    def close(self) -> None:
        """Close the connections."""
        for connection in self._idle:
            connection.close()

    def _answer(
        self, connection: ty.Any, cursor: ty.Any, token: bytes
    ) -> None:
        now = time.time_ns() // 1_000_000
        owner = uuid.uuid4().hex
        given = (token, owner, f"req-{uuid.uuid4()}", now, now, now)
        key = self._insert(cursor, self._claim, (*given, *_ROW.values()))
        connection.commit()
        cursor.execute(_FENCE, (key, owner))
        made = self._insert(cursor, _MAKE, ("a thing",))
        cursor.execute(_BIND, (key, str(made)))
        connection.commit()
        cursor.execute(_COMPLETE, (_SEALED, now, now, key, owner))
        connection.commit()

    def _insert(
        self, cursor: ty.Any, statement: str, values: tuple[ty.Any, ...]
    ) -> int:
        if not self._returns:
            cursor.execute(statement, values)
            return int(cursor.lastrowid)
        cursor.execute(statement + " RETURNING id", values)
        return int(cursor.fetchone()[0])

    @contextlib.contextmanager
    def _connection(self) -> ty.Iterator[ty.Any]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._engine.raw_connection()
        yield connection
        self._idle.append(connection)
