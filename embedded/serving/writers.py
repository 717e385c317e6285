# SPDX-License-Identifier: Apache-2.0
"""Let the writers of a SQLite file queue up instead of failing at once.

A SQLite transaction that has read cannot become a writer when another one
wrote meanwhile: it fails with "database is locked", whatever the timeout.
Nova's writers read first. So what enginefacade opens as a writer takes the
write lock with its first statement, and waits for it as long as the timeout
of the connection allows.
"""

from __future__ import annotations

import functools
import typing as ty

from oslo_db.sqlalchemy import enginefacade
import sqlalchemy
from sqlalchemy import event
from sqlalchemy import orm


def begin_immediately() -> None:
    """Make each writer of this process start with BEGIN IMMEDIATE."""
    # enginefacade offers no hook that tells a writer from a reader, so the
    # two methods that open them are wrapped.
    factory = enginefacade._TransactionFactory
    factory._create_session = _marking(
        factory._create_session, "after_begin", _on_session
    )
    factory._create_connection = _marking(
        factory._create_connection, "begin", _on_connection
    )


def _marking(opening: ty.Any, event_name: str, listener: ty.Any) -> ty.Any:
    @functools.wraps(opening)
    def opened(
        factory: ty.Any, mode: ty.Any, *args: ty.Any, **kwargs: ty.Any
    ) -> ty.Any:
        target = opening(factory, mode, *args, **kwargs)
        if mode is enginefacade._WRITER:
            event.listen(target, event_name, listener)
        return target

    return opened


def _on_session(
    _session: orm.Session,
    transaction: orm.SessionTransaction,
    connection: sqlalchemy.Connection,
) -> None:
    if not transaction.nested:
        _on_connection(connection)


def _on_connection(connection: sqlalchemy.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    cursor = connection.connection.cursor()
    # A listener of oslo.db sends a plain BEGIN. When it was first, nothing
    # ran under that yet; when we are, its own mark keeps it from sending it.
    if connection.info.get("in_transaction"):
        cursor.execute("ROLLBACK")
    cursor.execute("BEGIN IMMEDIATE")
    connection.info["in_transaction"] = True
    cursor.close()
