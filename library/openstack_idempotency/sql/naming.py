# SPDX-License-Identifier: Apache-2.0
"""Which resources a statement of a service names."""

from __future__ import annotations

import re
import typing as ty

import sqlalchemy as sa
from sqlalchemy.sql import elements
from sqlalchemy.sql import operators
from sqlalchemy.sql import visitors

Values = ty.Mapping[str, ty.Any]

# How SQLAlchemy names the parameters of the rows of one VALUES clause.
_NUMBERED: ty.Final = re.compile(r"(?P<column>.+)_m(?P<row>\d+)")

_UNSAID: ty.Final = (
    "A statement inserts rows without specifying their {}, so they cannot be "
    "bound to their client token. Specify it, insert one row at a time, or "
    "describe the operation as a Change without an attribute."
)


# Stands for a value of a row that only the database knows.
_UNKNOWN: ty.Final = object()


class Row:
    """A row of a statement, as a predicate sees it: columns are attributes.

    A predicate that asks for what only the database knows gets a LookupError.

    :param values: the values of its columns; others are None
    """

    def __init__(self, values: Values) -> None:
        self._values = values

    def __getattr__(self, name: str) -> ty.Any:
        found = self._values.get(name)
        if found is _UNKNOWN:
            raise LookupError(_UNSAID.format(repr(name)))
        return found


def sets(statement: sa.Update, column: str) -> bool:
    """Tell whether a statement makes a column true.

    :param statement: the statement
    :param column: the column
    """
    return bool(statement.compile().params.get(column))


def bindings(
    known: ty.Mapping[str, int],
    statement: sa.Delete | sa.Update,
    given: ty.Iterable[Values],
) -> set[int]:
    """Return the keys of those bindings whose resources a deletion names.

    :param known: the bindings of a request, by ids and keys of resources
    :param statement: the deletion
    :param given: the parameters that it was executed with
    """
    values: list[ty.Any] = [*statement.compile().params.values()]
    for parameters in given:
        values += parameters.values()
    return {
        known[str(value)]
        for value in values
        if isinstance(value, (str, int)) and str(value) in known
    }


def inserted(statement: sa.Insert, result: ty.Any) -> list[Values]:
    """Return the rows that were inserted, with the columns' defaults.

    Of a row that the statement selects, only what it selects as a parameter
    is known; there may be no such row.

    :param statement: the insertion
    :param result: its result
    :raises LookupError: it selects several rows
    """
    if statement.select is not None:
        if result.rowcount > 1:
            raise LookupError(_UNSAID.format("values"))
        return [_selected(statement)] * result.rowcount
    found = result.last_inserted_params()
    columns = {column.key for column in statement.table.c}
    many = isinstance(found, list)
    rows = [
        row
        for parameters in (found if many else [found])
        for row in _rows(parameters, columns)
    ]
    if len(rows) == 1 and not many:
        # What the database has generated itself, usually a number.
        key = result.inserted_primary_key
        return [{**rows[0], **(key._mapping if key else {})}]
    return rows


def _selected(statement: ty.Any) -> Values:
    """Return what the parameters of a selected row say of it."""
    columns = statement.select.inner_columns
    return {
        name: column.effective_value
        if isinstance(column, elements.BindParameter)
        else _UNKNOWN
        for name, column in zip(statement._select_names, columns, strict=True)
    }


def _rows(parameters: Values, columns: ty.Collection[str]) -> list[Values]:
    """Return the rows of one execution: a VALUES clause may have several."""
    shared = {k: v for k, v in parameters.items() if k in columns}
    numbered: dict[int, dict[str, ty.Any]] = {}
    for name, value in parameters.items():
        match = None if name in columns else _NUMBERED.fullmatch(name)
        if match and match["column"] in columns:
            row = numbered.setdefault(int(match["row"]), {})
            row[match["column"]] = value
    return [{**shared, **numbered[n]} for n in sorted(numbered)] or [shared]


def value(row: Values, column: str) -> ty.Any:
    """Return the value of a column of a row that was inserted.

    :param row: the row
    :param column: the column's key
    :raises LookupError: only the database knows it
    """
    if row.get(column) in (None, _UNKNOWN):
        raise LookupError(_UNSAID.format(repr(column)))
    return row[column]


def changed(
    statement: ty.Any,
    column: str | None,
    given: ty.Sequence[Values],
    result: ty.Any,
) -> list[str]:
    """Return the ids of what a statement inserts, changes or deletes.

    :param statement: the statement
    :param column: the column that holds the id, if there is one
    :param given: the parameters that it was executed with
    :param result: its result
    :returns: an empty string where the statement names nothing
    """
    if column is None:
        return [""]
    if isinstance(statement, sa.Insert):
        found = [row.get(column) for row in inserted(statement, result)]
    else:
        found = list(_compared(statement, column, given))
    names = dict.fromkeys(str(one) for one in found if one is not None)
    return list(names) or [""]


def _compared(
    statement: ty.Any, column: str, given: ty.Sequence[Values]
) -> ty.Iterator[ty.Any]:
    """Yield the values with which a condition compares a column."""
    if statement.whereclause is None:
        return
    for clause in visitors.iterate(statement.whereclause):
        if not isinstance(clause, elements.BinaryExpression):
            continue
        left, right = clause.left, clause.right
        equal = clause.operator in (operators.eq, operators.in_op)
        # A condition may ask for other tables, too.
        own = _table(left) == statement.table.name
        if not equal or not own or getattr(left, "key", None) != column:
            continue
        if isinstance(right, elements.BindParameter):
            yield from _bound(right, given)


def _table(column: ty.Any) -> str | None:
    return getattr(getattr(column, "table", None), "name", None)


def _bound(
    parameter: elements.BindParameter[ty.Any], given: ty.Sequence[Values]
) -> ty.Iterator[ty.Any]:
    values = [row[parameter.key] for row in given if parameter.key in row]
    for one in values or [parameter.effective_value]:
        if isinstance(one, (list, tuple)):
            yield from one
        else:
            yield one
