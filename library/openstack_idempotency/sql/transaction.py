# SPDX-License-Identifier: Apache-2.0
"""Run one short step of ours, with retries and error reporting."""

from __future__ import annotations

import contextlib
import time
import typing as ty

from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
from oslo_log import log as logging
import sqlalchemy as sa

from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import handlers
from openstack_idempotency.sql import tables
from openstack_idempotency.sql.capability import Unsupported
from openstack_idempotency.sql.connections import Connections

LOG = logging.getLogger(__name__)

# Not all of SQLAlchemy's errors: programming errors must stay visible.
FAULTS = (
    db_exc.DBError,
    db_exc.CantStartEngineError,
    sa.exc.DBAPIError,  # oslo.db lets through what it does not know
    sa.exc.TimeoutError,  # no connection in the pool became free
)
_LOCK_TIMEOUTS = (1205, "55P03")

# Seconds within which a step is retried: a client is waiting, and a thread of
# the API with it. Against a dead server, one try takes as long.
_DEADLINE = 4.0

_T = ty.TypeVar("_T")
Body = ty.Callable[[sa.Connection], _T]


class Locked(errors.Unavailable):
    """Another transaction holds the lock that this step needs."""


class Runner:
    """Runs the store's steps, each of one statement or one transaction.

    Deadlocks (among them Galera's failed certifications) and broken
    connections are retried, so a body may run more than once.

    :param connections: to the database
    :param sync_command: the command that creates the tables, for messages
    :param monotonic: elapsed time, in seconds
    """

    def __init__(
        self,
        connections: Connections,
        sync_command: str,
        monotonic: ty.Callable[[], float] = time.monotonic,
    ) -> None:
        self.connections = connections
        self._sync_command = sync_command
        self._monotonic = monotonic

    def statement(self, body: Body[_T]) -> _T:
        """Run a body of one statement, which is a transaction by itself.

        :param body: takes the connection
        :raises errors.Unavailable: the database does not answer as it should
        :raises db_exc.DBDuplicateEntry: a unique key decided against it
        :raises Locked: it waits too long for a lock
        """
        return self._within(self.connections.statement, body)

    def transaction(self, body: Body[_T]) -> _T:
        """Run a body of several statements as one transaction.

        :param body: takes the connection
        :raises errors.Unavailable: the database does not answer as it should
        :raises db_exc.DBDuplicateEntry: a unique key decided against it
        :raises Locked: it waits too long for a lock
        """
        return self._within(self.connections.transaction, body)

    def _within(
        self,
        opened: ty.Callable[
            [], contextlib.AbstractContextManager[sa.Connection]
        ],
        body: Body[_T],
    ) -> _T:
        def attempt() -> _T:
            with opened() as connection:
                return body(connection)

        return self._run(attempt)

    def _run(self, attempt: ty.Callable[[], _T]) -> _T:
        deadline = self._monotonic() + _DEADLINE

        def passing(exc: Exception) -> bool:
            return self._monotonic() < deadline and _passes(exc)

        retried = oslo_db_api.wrap_db_retry(
            max_retries=5,
            retry_interval=0.05,
            inc_retry_interval=True,
            max_retry_interval=0.4,
            jitter=True,
            exception_checker=passing,
        )
        try:
            result: _T = retried(attempt)()
            return result
        except db_exc.DBDuplicateEntry:
            raise
        except Unsupported as exc:
            LOG.error("Client tokens are refused: %s", exc)
            raise errors.Unavailable from None
        except FAULTS as exc:
            if timed_out(exc):
                LOG.warning(
                    "Gave up waiting for the lock on a client token's row; "
                    "asking the client to retry."
                )
                raise Locked from None
            self._report(exc)
            raise errors.Unavailable from None

    def _report(self, exc: Exception) -> None:
        # The error for a missing table differs from server to server, and
        # oslo.db knows only some of them: so look.
        if self._is_missing(exc):
            LOG.error(
                "Client tokens are refused: table %s is missing from the "
                "database. Create it with '%s'.",
                tables.TOKENS.name,
                self._sync_command,
            )
            return
        # Only the kind of error: its text holds the statement's values.
        LOG.error(
            "Client tokens are refused: the database raised %s.",
            type(exc).__name__,
        )

    def _is_missing(self, exc: Exception) -> bool:
        out_of_reach = (db_exc.DBConnectionError, sa.exc.TimeoutError)
        if isinstance(exc, out_of_reach):
            return False  # looking would take as long again
        try:
            engine = self.connections.engine()
            return not sa.inspect(engine).has_table(tables.TOKENS.name)
        except FAULTS:
            return False


def unlocked(
    connection: sa.Connection, where: sa.ColumnElement[bool]
) -> sa.Select[tuple[int]] | ty.Sequence[int]:
    """Lock a token's row, unless another transaction has it locked.

    :param connection: the connection of a running transaction
    :param where: which row; its key has to be among the conditions
    :returns: what the ``in_()`` of the statement that follows takes
    """
    keys = sa.select(tables.TOKENS.c.id).where(where)
    if connection.dialect.name == "sqlite":
        # It has one writer at a time, and a transaction that has read cannot
        # become the writer: so the next statement reads and writes at once.
        return keys
    return connection.scalars(keys.with_for_update(skip_locked=True)).all()


def _passes(exc: Exception) -> bool:
    if timed_out(exc):
        return False  # oslo.db reports MariaDB's as a deadlock
    conflict = handlers.conflicted(_drivers(exc))
    lasting = (db_exc.DBDeadlock, db_exc.DBConnectionError)
    return conflict or isinstance(exc, lasting)


def timed_out(exc: Exception) -> bool:
    """Tell whether an error is a lock timeout.

    :param exc: the error, as SQLAlchemy or oslo.db raise it
    """
    return code(exc) in _LOCK_TIMEOUTS


def code(exc: Exception) -> object:
    """Return the server's code of an error, None if it has none.

    :param exc: the error, as SQLAlchemy or oslo.db raise it
    """
    error = _drivers(exc)
    arguments = getattr(error, "args", None) or (None,)
    return getattr(error, "pgcode", arguments[0])


def _drivers(exc: BaseException) -> BaseException | None:
    return getattr(getattr(exc, "inner_exception", exc), "orig", None)
