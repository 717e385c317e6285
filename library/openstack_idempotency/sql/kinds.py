# SPDX-License-Identifier: Apache-2.0
"""The kinds of resources that are bound to a token: one row each."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import link
from openstack_idempotency.sql import transaction


@dataclasses.dataclass(frozen=True)
class Kind:
    """A resource whose row is inserted in the service's database (section 5).

    :param name: what it is called
    :param model: the ORM class of a row that lives as long as the resource
    :param attribute: the attribute that holds the id by which the API
        names it
    :param cleaned: the ORM classes of rows that the service deletes again
        where it fails after it has committed them
    :param ends: the one of them whose row goes when the resource goes
    :param lasting: whether its tokens live as long as it does (section 6)
    :param gone: the attribute of its row that is true while it is deleted,
        if the row stays then
    :param later: the ORM classes of rows that the service inserts for it in
        transactions of their own, after it has committed the resource
    """

    name: str
    model: ty.Any
    attribute: str
    cleaned: tuple[ty.Any, ...] = ()
    ends: ty.Any = None
    later: tuple[ty.Any, ...] = ()
    lasting: bool = False
    gone: str | None = None


def listen(kind: Kind) -> None:
    """Bind new resources of a kind to the token of their request.

    :param kind: the kind; calling it again is a no-op
    """
    link.listen(kind.model, kind.name, kind.attribute)
    for model in kind.later:
        link.fence(model, kind.name)
    cleaned = kind.cleaned or (kind.model,)
    ends = kind.ends or kind.model
    names = [model.__tablename__ for model in cleaned]
    link.guard(kind.name, names, ends.__tablename__)


def survive(
    connection: sa.Connection, kind: Kind, resources: ty.Sequence[Resource]
) -> bool:
    """Tell whether any of the resources still has its row.

    :param connection: the connection of a transaction that has changed the
        token's row
    :param kind: what they are
    :param resources: what a token made
    """
    column = kind.model.__table__.c.id
    keys = _keys(kind, [resource.key for resource in resources])
    query = sa.select(sa.func.count()).where(column.in_(keys))
    found: int = connection.execute(query).scalar_one()
    return found > 0


def there(
    run: transaction.Runner, kind: Kind, keys: ty.Sequence[str]
) -> set[str]:
    """Return which resources are not deleted, by the keys of their rows.

    :param run: runs a statement on the database
    :param kind: what they are
    :param keys: the primary keys of their rows, as text
    :raises errors.Unavailable: the database cannot be reached
    """
    columns = kind.model.__table__.c
    query = sa.select(columns.id).where(columns.id.in_(_keys(kind, keys)))
    if kind.gone is not None:
        # NULL in a row that an older release has written.
        query = query.where(columns[kind.gone].is_not(sa.true()))
    found = run.statement(lambda connection: connection.scalars(query).all())
    return {str(key) for key in found}


def _keys(kind: Kind, keys: ty.Iterable[str]) -> list[ty.Any]:
    python_type = kind.model.__table__.c.id.type.python_type
    return [python_type(key) for key in keys]
