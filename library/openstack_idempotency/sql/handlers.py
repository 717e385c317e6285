# SPDX-License-Identifier: Apache-2.0
"""What we do about database errors, the service's own included."""

from __future__ import annotations

import weakref

from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims

_OURS = "client_token"  # in the names of all our tables

# The codes for a transaction that failed because of another one. MariaDB's and
# MySQL's: a deadlock, a lock timeout, and, with innodb_snapshot_isolation, a
# record that has changed since it was read. PostgreSQL's SQLSTATEs: a
# deadlock, and a conflict at REPEATABLE READ or SERIALIZABLE.
_CONFLICTS = (1213, 1205, 1020, "40P01", "40001")

# Whose errors are looked at.
_ENGINES: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


def listen(engine: sa.Engine) -> None:
    """Handle the errors of an engine, before oslo.db's handler does.

    oslo.db's logs the errors and wraps them, with the values of the statement;
    and what it does not handle it raises at once, so that no later handler
    is called.

    :param engine: the database; calling it again is a no-op
    """
    _ENGINES.add(engine)
    _come_first()


def _come_first() -> None:
    # Handlers of all engines are called before those of a single one; there
    # is no other way to precede one that is already registered.
    for handler in (_hide_values, _note_conflict):
        if not sa.event.contains(sa.Engine, "handle_error", handler):
            sa.event.listen(sa.Engine, "handle_error", handler)


def conflicted(error: BaseException | None) -> bool:
    """Tell whether an error means that another transaction was in the way.

    :param error: the driver's error, or oslo.db's
    """
    arguments = getattr(error, "args", None) or (None,)
    codes = (arguments[0], getattr(error, "pgcode", None))
    return isinstance(error, db_exc.DBDeadlock) or any(
        code in _CONFLICTS for code in codes
    )


def _hide_values(context: sa.engine.ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if error is None or context.engine not in _ENGINES:
        return
    if _OURS in (context.statement or ""):
        # Whoever logs it later logs the statement without its values.
        error.hide_parameters = True


def _note_conflict(context: sa.engine.ExceptionContext) -> None:
    # Nova turns what it does not retry into a 500. A client with a token can
    # safely be asked to retry instead.
    claim = claims.current()
    if context.engine not in _ENGINES:
        return
    if claim and conflicted(context.original_exception):
        claim.deadlocked = True
