# SPDX-License-Identifier: Apache-2.0
"""What we do about errors of the API database, Nova's own ones included."""

from __future__ import annotations

from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.openstack.common.idempotency import record

_OURS = "client_token"  # in the names of all our tables


def listen(engine: sa.Engine) -> None:
    """Handle the errors of an engine, after oslo.db's handler has.

    :param engine: the API database; to name it again does nothing
    """
    for handler in (_hide_values, _note_deadlock):
        if not sa.event.contains(engine, "handle_error", handler):
            sa.event.listen(engine, "handle_error", handler)


def _hide_values(context: sa.engine.ExceptionContext) -> None:
    # oslo.db logs what it cannot repeat, with the values of the statement.
    error = context.sqlalchemy_exception
    if error is None or _OURS not in (context.statement or ""):
        return
    error.hide_parameters = True
    # oslo.db's handler came first, and has made its own error of it.
    if isinstance(context.chained_exception, db_exc.DBError):
        context.chained_exception.args = (str(error),)


def _note_deadlock(context: sa.engine.ExceptionContext) -> None:
    # Nova answers a deadlock that it does not repeat with 500. Who has a
    # token can be told to send the request again instead.
    claim = record.current()
    if claim and isinstance(context.chained_exception, db_exc.DBDeadlock):
        claim.deadlocked = True
