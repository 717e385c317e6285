# SPDX-License-Identifier: Apache-2.0
"""The database's clock, so that hosts need not agree on the time of day."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions
from sqlalchemy.sql import visitors

_S = ty.TypeVar("_S", bound=sa.Executable)


class now(functions.FunctionElement[int]):  # noqa: N801 - an SQL function
    """Milliseconds since the epoch when the statement began.

    However often a statement asks, the answer is the same.
    """

    type = sa.BigInteger()
    inherit_cache = True


#: The clock of all statements that are built once.
NOW: ty.Final = now()


def by_another(statement: _S, clock: sa.ColumnElement[int]) -> _S:
    """Return a statement with another clock than the database's.

    :param statement: a statement with :data:`NOW` in it
    :param clock: the other clock, as an SQL expression
    """

    def instead(element: ty.Any, **kw: ty.Any) -> ty.Any:
        return clock if isinstance(element, now) else None

    changed: ty.Any = visitors.replacement_traverse(
        ty.cast(ty.Any, statement), {}, instead
    )
    return ty.cast(_S, changed)


@compiler.compiles(now)
def _shown(element: now, compiler: ty.Any, **kw: ty.Any) -> str:
    # For whoever looks at a statement without a database, to log or to count
    # it: str() of a statement must not raise. No database has this function.
    return "now_in_milliseconds()"


@compiler.compiles(now, "sqlite")
def _sqlite(element: now, compiler: ty.Any, **kw: ty.Any) -> str:
    days = "(julianday('now') - 2440587.5)"
    return f"CAST({days} * 86400000 AS INTEGER)"


@compiler.compiles(now, "mysql")
@compiler.compiles(now, "mariadb")
def _mysql(element: now, compiler: ty.Any, **kw: ty.Any) -> str:
    # Not UNIX_TIMESTAMP(): it reads its argument in the session's zone.
    micros = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"
    return f"({micros} DIV 1000)"


@compiler.compiles(now, "postgresql")
def _postgresql(element: now, compiler: ty.Any, **kw: ty.Any) -> str:
    # Not now(): that is when the transaction began. Not clock_timestamp():
    # it goes on while a statement calculates one time after the other.
    seconds = "EXTRACT(EPOCH FROM statement_timestamp())"
    return f"CAST({seconds} * 1000 AS BIGINT)"
