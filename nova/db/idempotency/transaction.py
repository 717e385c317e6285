# SPDX-License-Identifier: Apache-2.0
"""One short transaction of our own, repeated and reported as it must be."""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import enginefacade
from oslo_log import log as logging
import sqlalchemy as sa

from nova.db.idempotency import handlers
from nova.db.idempotency import models
from nova.openstack.common.idempotency import errors

LOG = logging.getLogger(__name__)

SYNC_COMMAND = "nova-idempotency db sync"

# Not all of SQLAlchemy's errors: mistakes of ours have to be seen as such.
_DATABASE_FAULTS = (
    db_exc.DBError,
    db_exc.CantStartEngineError,
    sa.exc.DBAPIError,  # what oslo.db does not know it lets through
    sa.exc.TimeoutError,  # no connection of the pool came free
)

_TABLE = models.ClientToken.__tablename__

# How long one statement waits for a lock; the servers' own limits are 50
# seconds, and none. Longer than PostgreSQL's deadlock_timeout of a second:
# of two in a deadlock one has to go on, where both would give up.
_BOUNDED = {
    "mysql": "SET SESSION innodb_lock_wait_timeout = 2",
    "postgresql": "SET LOCAL lock_timeout = '2s'",
}
# PostgreSQL's ends with the transaction; MariaDB's stays on a connection
# that goes back to the pool from which Nova takes its own.
_UNBOUNDED = {"mysql": "SET SESSION innodb_lock_wait_timeout = DEFAULT"}
_LOCK_TIMEOUTS = (1205, "55P03")

_T = ty.TypeVar("_T")
_Attempt = ty.TypeVar("_Attempt", bound=ty.Callable[[], ty.Any])

# A few quick tries: a client is waiting, and may try again itself.
_retried: ty.Callable[[_Attempt], _Attempt] = oslo_db_api.wrap_db_retry(
    max_retries=5,
    retry_on_deadlock=True,
    retry_on_disconnect=True,
    retry_interval=0.05,
    inc_retry_interval=True,
    max_retry_interval=0.4,
    jitter=True,
)


class Locked(Exception):
    """Another transaction has what this one needs, and does not end."""


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

    @_retried
    def attempt() -> _T:
        with database.writer.connection.using(_Apart()) as connection:
            handlers.listen(connection.engine)
            return body(connection)

    try:
        return attempt()
    except db_exc.DBDuplicateEntry:
        raise
    except _DATABASE_FAULTS as exc:
        _report(database, exc)
        raise errors.Unavailable from None


def _report(database: ty.Any, exc: Exception) -> None:
    # What the database says when a table is missing differs from server to
    # server, and oslo.db knows only some of it: so look whether it is there.
    try:
        engine = database.writer.get_engine()
        missing = not sa.inspect(engine).has_table(_TABLE)
    except _DATABASE_FAULTS:
        missing = False
    if missing:
        LOG.error(
            "Client tokens are refused: table %s is missing in the API "
            "database. Create it with '%s'.",
            _TABLE,
            SYNC_COMMAND,
        )
        return
    # Only the kind of error: its text holds the statement's values.
    LOG.error(
        "Client tokens are refused: the API database answered with %s.",
        type(exc).__name__,
    )


@contextlib.contextmanager
def bounded(connection: sa.Connection) -> ty.Iterator[None]:
    """Do not let the body's statements wait long for locks.

    Who has the lock may be frozen. SQLite never waits for one row.

    :param connection: the connection of a running transaction, to be rolled
        back if this raises
    :raises Locked: a statement has waited long enough
    """
    backend = connection.dialect.name
    backend = "mysql" if backend == "mariadb" else backend
    if backend in _BOUNDED:
        connection.exec_driver_sql(_BOUNDED[backend])
    try:
        yield
    except (db_exc.DBError, sa.exc.DBAPIError) as exc:
        if _timed_out(exc):
            raise Locked from None
        raise
    finally:
        if backend in _UNBOUNDED and not connection.invalidated:
            connection.exec_driver_sql(_UNBOUNDED[backend])


def _timed_out(exc: Exception) -> bool:
    # oslo.db takes MariaDB's for a deadlock, and lets PostgreSQL's through.
    error = getattr(getattr(exc, "inner_exception", exc), "orig", None)
    arguments = getattr(error, "args", None) or (None,)
    return getattr(error, "pgcode", arguments[0]) in _LOCK_TIMEOUTS


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
