# SPDX-License-Identifier: Apache-2.0
"""What an operation makes or changes in the service's database (section 5)."""

from __future__ import annotations

import dataclasses
import json
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.sql.tables import ROW_KEY_CHARS


def _each(row: ty.Any) -> bool:
    return True


@dataclasses.dataclass(frozen=True)
class Kind:
    """A resource with a row of its own, which lives as long as it does.

    :param name: what it is called
    :param model: the ORM class of its row; or its table, where the service
        inserts it by statements
    :param attribute: the attribute (a table's column) that holds the id by
        which the API names it
    :param cleaned: the ORM classes of rows that the service deletes again
        where it fails after it has committed them
    :param ends: those of them without whose row nothing is left that the
        service would go on with
    :param lasting: whether its tokens live as long as it does (section 6)
    :param gone: the attribute of its row that is true while it is deleted,
        if the row stays then
    :param later: the ORM classes of rows that the service inserts for it in
        transactions of their own, after it has committed the resource
    :param counts: tells of a new row, by its attributes, whether it is one
        that was asked for: a service may make others of the same model
    :param incarnation: the attribute that differs between two resources of
        one id and one key, where keys are used again
    :param marked: the column that the service sets, in its row and in those
        of ``cleaned``, where it deletes them and the rows stay
    :param handed_on: whether the service asks another one to go on with it,
        once it has committed it: a request that fails then is not answered
        with a success later
    :param followed: whether it commits more for it, after it, which nobody
        can tell by what is there: if the worker died, no success is told
    """

    name: str
    model: ty.Any
    attribute: str
    cleaned: tuple[ty.Any, ...] = ()
    ends: tuple[ty.Any, ...] = ()
    later: tuple[ty.Any, ...] = ()
    lasting: bool = False
    gone: str | None = None
    counts: ty.Callable[[ty.Any], bool] = _each
    incarnation: str | None = None
    marked: str | None = None
    handed_on: bool = False
    followed: bool = False

    @property
    def table(self) -> sa.Table:
        """The table of its rows."""
        return table_of(self.model)

    @property
    def by_statements(self) -> bool:
        """Tell whether its rows are inserted by statements."""
        return isinstance(self.model, sa.Table)

    @property
    def key(self) -> tuple[sa.Column[ty.Any], ...]:
        """The columns of its row's primary key."""
        found: ty.Any = sa.inspect(self.model).primary_key
        return tuple(found)

    def column(self, attribute: str) -> ty.Any:
        """Return what a query asks of its row.

        :param attribute: the name of the attribute or column
        """
        where = self.model.c if self.by_statements else self.model
        return getattr(where, attribute)


@dataclasses.dataclass(frozen=True)
class Change:
    """What an operation changes that makes no resource of its own.

    It is bound when one transaction of its request has inserted, changed or
    deleted rows of these tables. So name none that the service writes in an
    earlier transaction than the one that decides.

    :param name: what it is called
    :param tables: the tables (or ORM classes) of which it changes rows
    :param attribute: the column by whose value the statements name what they
        change, if there is one; it becomes the id of what is bound
    :param cleaned: the tables (or ORM classes) of rows that the service
        deletes again where it fails after it has committed them
    :param handed_on: see :class:`Kind`
    :param followed: see :class:`Kind`
    """

    name: str
    tables: tuple[ty.Any, ...]
    attribute: str | None = None
    cleaned: tuple[ty.Any, ...] = ()
    handed_on: bool = False
    followed: bool = False


def table_of(model: ty.Any) -> sa.Table:
    """Return the table of an ORM class, or of a table: itself.

    :param model: the class or table
    """
    table: sa.Table = getattr(model, "__table__", model)
    return table


def text_of(values: ty.Iterable[ty.Any]) -> str:
    """Return a key as text: one column as it is, several as a JSON list.

    :param values: the values of its columns
    """
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else json.dumps(texts)


def values_of(kind: Kind, text: str) -> list[ty.Any]:
    """Return the values of a key's columns.

    :param kind: what it is the key of
    :param text: what :func:`text_of` returned
    """
    texts = [text] if len(kind.key) == 1 else json.loads(text)
    return [
        column.type.python_type(value)
        for column, value in zip(kind.key, texts, strict=True)
    ]


def check(kind: Kind) -> None:
    """Check that bindings can hold the keys of a kind.

    :param kind: the kind
    :raises ValueError: they cannot; the text says why
    """
    columns = kind.key
    if not columns:
        raise ValueError(
            f"The table of kind {kind.name!r} has no primary key to tell its "
            "rows apart. Describe the operation as a Change."
        )
    chars = sum(getattr(c.type, "length", None) or 0 for c in columns)
    if len(columns) > 1:
        chars += 2 + 4 * len(columns)  # of the list that they become
    if chars > ROW_KEY_CHARS:
        raise ValueError(
            f"The primary key of kind {kind.name!r} may have {chars} "
            f"characters, but a binding holds only {ROW_KEY_CHARS}. Describe "
            "the operation as a Change."
        )
