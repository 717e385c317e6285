# SPDX-License-Identifier: Apache-2.0
"""What we do about errors of the database, the service's own included."""

from __future__ import annotations

from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.openstack.common.idempotency import claim as claims

_OURS = "client_token"  # in the names of all our tables

# A transaction that another one made impossible, as each server says it
# beside what oslo.db calls a deadlock: MariaDB with innodb_snapshot_isolation
# (record has changed since it was read), and PostgreSQL at REPEATABLE READ
# and SERIALIZABLE.
_CHANGED_SINCE_READ = 1020
_SERIALIZATION_FAILURE = "40001"


def listen(engine: sa.Engine) -> None:
    """Handle the errors of an engine, after oslo.db's handler has.

    :param engine: the database; calling it again is a no-op
    """
    for handler in (_hide_values, _note_deadlock):
        if not sa.event.contains(engine, "handle_error", handler):
            sa.event.listen(engine, "handle_error", handler)


def conflicted(error: BaseException | None) -> bool:
    """Tell whether an error says that another transaction was in the way.

    :param error: the driver's error
    """
    arguments = getattr(error, "args", None) or (None,)
    return (
        arguments[0] == _CHANGED_SINCE_READ
        or getattr(error, "pgcode", None) == _SERIALIZATION_FAILURE
    )


def _hide_values(context: sa.engine.ExceptionContext) -> None:
    # oslo.db logs what it cannot retry, with the values of the statement.
    error = context.sqlalchemy_exception
    if error is None or _OURS not in (context.statement or ""):
        return
    error.hide_parameters = True
    # oslo.db's handler came first, and has made its own error of it.
    chained = _chained(context)
    if isinstance(chained, db_exc.DBError):
        chained.args = (str(error),)


def _note_deadlock(context: sa.engine.ExceptionContext) -> None:
    # Nova turns a deadlock it does not retry into a 500. A client with a
    # token can safely be asked to retry instead.
    claim = claims.current()
    if claim and (
        isinstance(_chained(context), db_exc.DBDeadlock)
        or conflicted(context.original_exception)
    ):
        claim.deadlocked = True


def _chained(context: sa.engine.ExceptionContext) -> BaseException | None:
    # SQLAlchemy sets it when a handler has returned an error of its own.
    return getattr(context, "chained_exception", None)
