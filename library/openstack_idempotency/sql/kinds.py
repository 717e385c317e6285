# SPDX-License-Identifier: Apache-2.0
"""The kinds of resources that are bound to a token: one row each."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import link


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
    :param later: the ORM classes of rows that the service inserts for it in
        transactions of their own, after it has committed the resource
    """

    name: str
    model: ty.Any
    attribute: str
    cleaned: tuple[ty.Any, ...] = ()
    ends: ty.Any = None
    later: tuple[ty.Any, ...] = ()


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
    keys = [column.type.python_type(resource.key) for resource in resources]
    query = sa.select(sa.func.count()).where(column.in_(keys))
    found: int = connection.execute(query).scalar_one()
    return found > 0
