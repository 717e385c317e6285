# SPDX-License-Identifier: Apache-2.0
"""Tells when a transaction that writes the product's tables is about to end.

By SQLAlchemy's events, so that no transaction of the product is left out
because nobody thought of a point in it.
"""

from __future__ import annotations

from collections.abc import Callable
import re
import typing as ty

import sqlalchemy as sa

from nova.db.idempotency import tables

_WRITES = re.compile(
    rf"\s*(INSERT|UPDATE|DELETE)\b.*\b{tables.TOKENS.name[:-1]}",
    re.IGNORECASE | re.DOTALL,
)
_MARK = "chaos: writes tokens"


def watch(about_to_end: Callable[[], None]) -> Callable[[], None]:
    """Call a function before each commit of such a transaction.

    :param about_to_end: the function; it runs in the transaction's thread
    :returns: what ends that
    """

    def execute(
        connection: sa.Connection, cursor: ty.Any, statement: str, *_: ty.Any
    ) -> None:
        if _WRITES.match(statement):
            connection.info[_MARK] = True

    def commit(connection: sa.Connection) -> None:
        if connection.info.pop(_MARK, False):
            about_to_end()

    def rollback(connection: sa.Connection) -> None:
        connection.info.pop(_MARK, None)

    listeners = (
        ("before_cursor_execute", execute),
        ("commit", commit),
        ("rollback", rollback),
    )
    for name, listener in listeners:
        sa.event.listen(sa.Engine, name, listener)

    def end() -> None:
        for name, listener in listeners:
            sa.event.remove(sa.Engine, name, listener)

    return end
