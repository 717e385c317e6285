# SPDX-License-Identifier: Apache-2.0
"""Whether what is bound to a token is still there."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import kinds
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind


def survive(
    connection: sa.Connection,
    kind: Kind | Change,
    resources: ty.Sequence[Resource],
) -> bool:
    """Tell whether any of the resources is still there.

    Of a change nobody can tell, so it survives.

    :param connection: the connection of a transaction that has changed the
        token's row
    :param kind: what they are
    :param resources: what a token made
    """
    if isinstance(kind, Change):
        return bool(resources)
    query = _rows(kind, [resource.key for resource in resources])
    if kind.marked is not None:
        query = query.where(kind.column(kind.marked).is_not(sa.true()))
    there = {_identity(kind, row) for row in connection.execute(query)}
    return any(
        (resource.key, resource.incarnation) in there for resource in resources
    )


def there(
    connection: sa.Connection, kind: Kind, resources: ty.Sequence[Resource]
) -> set[Resource]:
    """Return those of some resources that are not deleted.

    :param connection: where a statement is a transaction
    :param kind: what they are
    :param resources: what tokens made
    """
    query = _rows(kind, [resource.key for resource in resources])
    if kind.gone is not None:
        # NULL in a row that an older release has written.
        query = query.where(kind.column(kind.gone).is_not(sa.true()))
    found = {_identity(kind, row) for row in connection.execute(query)}
    return {one for one in resources if (one.key, one.incarnation) in found}


def _rows(kind: Kind, keys: ty.Sequence[str]) -> sa.Select[ty.Any]:
    columns: list[ty.Any] = list(kind.key)
    asked = [*columns]
    if kind.incarnation is not None:
        asked.append(kind.column(kind.incarnation))
    values = [kinds.values_of(kind, key) for key in keys]
    if len(columns) == 1:
        return sa.select(*asked).where(columns[0].in_([v[0] for v in values]))
    return sa.select(*asked).where(sa.tuple_(*columns).in_(values))


def _identity(kind: Kind, row: ty.Any) -> tuple[str, str | None]:
    values = list(row)
    mark = None if kind.incarnation is None else values.pop()
    return kinds.text_of(values), None if mark is None else str(mark)
