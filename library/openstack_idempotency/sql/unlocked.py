# SPDX-License-Identifier: Apache-2.0
"""Changes those of some rows that no other transaction has locked.

They are chosen and changed in one statement: the server runs it as a whole,
so that a worker that stops here keeps no lock, and nobody waits for it.
"""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa
from sqlalchemy.ext import compiler

from openstack_idempotency.sql import connections


class _Delete(sa.Executable, sa.ClauseElement):
    """MySQL's deletion of the rows that a subquery names.

    The subquery comes first. In what SQLAlchemy writes, the server may read
    the table first, and wait for what is locked there.
    """

    inherit_cache = False

    def __init__(self, table: sa.Table, free: sa.Subquery) -> None:
        self.table = table
        self.free = free


@compiler.compiles(_Delete)
def _delete(element: _Delete, compiler: ty.Any, **kw: ty.Any) -> str:
    name = compiler.preparer.format_table(element.table)
    free = compiler.process(element.free, asfrom=True, **kw)
    return (
        f"DELETE {name} FROM {free} STRAIGHT_JOIN {name} "
        f"ON {name}.id = free.id"
    )


def delete(
    connection: sa.Connection, table: sa.Table, chosen: sa.Select[ty.Any]
) -> int:
    """Delete rows, but for those that are locked.

    :param connection: where a statement is a transaction
    :param table: one of ours
    :param chosen: selects their keys
    :returns: how many were deleted
    """
    if connection.dialect.name == "sqlite":
        # It has one writer at a time, and no locks on rows.
        gone = sa.delete(table).where(table.c.id.in_(chosen))
        return connection.execute(gone).rowcount
    free = _free(chosen)
    if connections.backend(connection) == "mysql":
        return connection.execute(_Delete(table, free)).rowcount
    gone = sa.delete(table).where(table.c.id == free.c.id)
    return connection.execute(gone).rowcount


def update(
    connection: sa.Connection,
    table: sa.Table,
    chosen: sa.Select[ty.Any],
    values: dict[str, ty.Any],
) -> int:
    """Change rows, but for those that are locked.

    :param connection: where a statement is a transaction
    :param table: one of ours
    :param chosen: selects their keys
    :param values: of some columns, by their names
    :returns: how many were changed
    """
    if connection.dialect.name == "sqlite":
        change = sa.update(table).where(table.c.id.in_(chosen))
        return connection.execute(change.values(values)).rowcount
    free = _free(chosen)
    if connections.backend(connection) == "mysql":
        # An outer join, so that the server reads the subquery first.
        joined: ty.Any = free.outerjoin(table, table.c.id == free.c.id)
        named = {table.c[name]: value for name, value in values.items()}
        return connection.execute(sa.update(joined).values(named)).rowcount
    change = sa.update(table).where(table.c.id == free.c.id)
    return connection.execute(change.values(values)).rowcount


def _free(chosen: sa.Select[ty.Any]) -> sa.Subquery:
    return chosen.with_for_update(skip_locked=True).subquery("free")
