# SPDX-License-Identifier: Apache-2.0
"""One short transaction of our own, repeated and reported as it must be."""

from __future__ import annotations

import typing as ty

from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import enginefacade
from oslo_log import log as logging
import sqlalchemy as sa

from nova.openstack.common.idempotency import errors

LOG = logging.getLogger(__name__)

SYNC_COMMAND = "nova-idempotency db sync"

# Not all of SQLAlchemy's errors: mistakes of ours have to be seen as such.
_DATABASE_FAULTS = (
    db_exc.DBError,
    db_exc.CantStartEngineError,
    sa.exc.TimeoutError,  # no connection of the pool came free
)

_T = ty.TypeVar("_T")
_Attempt = ty.Callable[[], _T]


@enginefacade.transaction_context_provider
class _Apart:
    """A context that no other transaction uses."""


def run(database: ty.Any, body: ty.Callable[[sa.Connection], _T]) -> _T:
    """Run a body in a transaction that no other one is part of.

    Deadlocks (Galera's failed certifications among them) and broken
    connections are tried again, so the body must stand being repeated.

    :param database: enginefacade's context manager
    :param body: takes the connection
    :raises errors.Unavailable: the database does not answer as it should
    :raises db_exc.DBDuplicateEntry: a unique key decided against the body
    """

    # A few quick tries: a client is waiting, and may try again itself.
    retrying: ty.Callable[[_Attempt[_T]], _Attempt[_T]]
    retrying = oslo_db_api.wrap_db_retry(
        max_retries=5,
        retry_on_deadlock=True,
        retry_on_disconnect=True,
        retry_interval=0.05,
        inc_retry_interval=True,
        max_retry_interval=0.4,
        jitter=True,
    )

    def attempt() -> _T:
        with database.writer.connection.using(_Apart()) as connection:
            return body(connection)

    try:
        return retrying(attempt)()
    except db_exc.DBDuplicateEntry:
        raise
    except db_exc.DBNonExistentTable:
        LOG.error(
            "Client tokens are refused: their table is missing in the API "
            "database. Create it with '%s'.",
            SYNC_COMMAND,
        )
        raise errors.Unavailable from None
    except _DATABASE_FAULTS as exc:
        # Only the kind of error: its text holds the statement's values.
        LOG.error(
            "Client tokens are refused: the API database answered with %s.",
            type(exc).__name__,
        )
        raise errors.Unavailable from None


def unlocked(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]
) -> sa.Select[tuple[int]] | ty.Sequence[int]:
    """Lock the rows that no other transaction locks, and return their keys.

    :param connection: the connection of a running transaction
    :param table: the table; its key is ``id``
    :param where: which rows
    :returns: what the ``in_()`` of the statement that follows takes
    """
    keys = sa.select(table.c.id).where(where)
    if connection.dialect.name == "sqlite":
        # It has one writer at a time, and a transaction that has read cannot
        # become it: so the statement that follows reads and writes at once.
        return keys
    locking = keys.with_for_update(skip_locked=True)
    return connection.scalars(locking).all()
