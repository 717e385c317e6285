# SPDX-License-Identifier: Apache-2.0
"""Tells when a transaction that writes the product's tables is about to end.

By SQLAlchemy's events, so that no transaction of the product is left out
because nobody thought of a point in it. One that is a single statement is
about to end before that is sent.
"""

from __future__ import annotations

import re
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.sql import tables

_WRITES = re.compile(
    rf"\b(INSERT INTO|UPDATE|DELETE FROM)\s+{tables.TOKENS.name[:-1]}",
    re.IGNORECASE,
)
_BEGINS = ("BEGIN", "START TRANSACTION")
# In a connection's info.
_OPEN = "chaos: a transaction was begun by a statement"
_MARK = "chaos: the transaction writes tokens"


def watch(about_to_end: ty.Callable[[], None]) -> ty.Callable[[], None]:
    """Call a function before each commit of such a transaction.

    :param about_to_end: the function; it runs in the transaction's thread
    :returns: what ends that
    """

    def execute(
        connection: sa.Connection, cursor: ty.Any, statement: str, *_: ty.Any
    ) -> None:
        info = connection.info
        command = statement.strip().upper()
        if command.startswith(_BEGINS):
            info[_OPEN] = True
        elif command in ("COMMIT", "ROLLBACK"):
            info.pop(_OPEN, None)
            if info.pop(_MARK, False) and command == "COMMIT":
                about_to_end()
        elif _WRITES.search(statement):
            if _OPEN in info or not _commits_itself(connection):
                info[_MARK] = True
            else:
                about_to_end()

    def commit(connection: sa.Connection) -> None:
        if connection.info.pop(_MARK, False):
            about_to_end()

    def rollback(connection: sa.Connection) -> None:
        # A broken connection has no info any more.
        if not connection.invalidated:
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


def _commits_itself(connection: sa.Connection) -> bool:
    driver: ty.Any = connection.connection.driver_connection
    if hasattr(driver, "get_autocommit"):
        return bool(driver.get_autocommit())
    return getattr(driver, "autocommit", False) is True
