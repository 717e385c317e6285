# SPDX-License-Identifier: Apache-2.0
"""The link of statements: what a service does without its ORM.

What a statement on a watched engine makes or changes is bound and fenced as
:mod:`link` does it for rows, if the running operation is linked to it. The
deletions by which a request cleans up what it made are fenced, too: a service
that fails, or refuses, after a commit deletes what it committed. If another
request has the token by then, its client may have been told that the resource
is there.
"""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import binding
from openstack_idempotency.sql import kinds
from openstack_idempotency.sql import naming
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

_Write = sa.Insert | sa.Update | sa.Delete


@dataclasses.dataclass(frozen=True)
class _Heeded:
    """The tables of a kind whose statements are looked at, by their names.

    :param kind: the kind
    :param cleaned: from which a request's own clean-up deletes rows
    :param ends: those among them whose rows stand for the resource
    :param made: into which the resource is inserted
    :param changed: of which rows are changed
    """

    kind: Kind | Change
    cleaned: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    made: str | None = None
    changed: frozenset[str] = frozenset()


_HEEDED: dict[str, _Heeded] = {}


def heed(kind: Kind | Change) -> None:
    """Look at the statements on the tables of a kind from now on.

    :param kind: the kind
    """
    if isinstance(kind, Change):
        _HEEDED[kind.name] = _Heeded(
            kind, cleaned=_names(kind.cleaned), changed=_names(kind.tables)
        )
        return
    _HEEDED[kind.name] = _Heeded(
        kind,
        cleaned=_names(kind.cleaned or (kind.model,)),
        ends=_names(kind.ends or (kind.model,)),
        made=kind.table.name if kind.by_statements else None,
    )


def _names(models: ty.Iterable[ty.Any]) -> frozenset[str]:
    return frozenset(kinds.table_of(each).name for each in models)


def watch(engine: sa.Engine) -> None:
    """Look at the statements of an engine.

    A store does so for the engine of its service. A process without a store,
    which gets its claims by RPC, calls this itself.

    :param engine: the service's; calling it again is a no-op
    """
    for name, listener in (
        ("before_execute", _before_execute),
        ("after_execute", _after_execute),
    ):
        if not sa.event.contains(engine, name, listener):
            sa.event.listen(engine, name, listener)


def incarnation(
    connection: sa.Connection, kind: Kind, key: ty.Iterable[ty.Any]
) -> str | None:
    """Return what tells a new row from others with its key, if anything does.

    It is read back, since the database may have rounded or generated it.

    :param connection: the connection of the running transaction
    :param kind: what the row is
    :param key: the values of its primary key
    """
    if kind.incarnation is None:
        return None
    query = sa.select(kind.column(kind.incarnation)).where(
        *(column == value for column, value in zip(kind.key, key, strict=True))
    )
    found = connection.execute(query).scalar_one()
    return None if found is None else str(found)


def _before_execute(
    connection: sa.Connection,
    statement: ty.Any,
    multiparams: ty.Any,
    params: ty.Any,
    execution_options: ty.Any,
) -> None:
    claim = claims.current()
    if claim is None:
        return
    if _cleans(claim, statement):
        reached(Point.BEFORE_CLEANUP)
        binding.fence(connection, claim)
    elif _makes(claim, statement) or _changes(claim, statement):
        reached(Point.BEFORE_LINK)
        binding.fence(connection, claim)


def _after_execute(
    connection: sa.Connection,
    statement: ty.Any,
    multiparams: ty.Any,
    params: ty.Any,
    *rest: ty.Any,
) -> None:
    claim = claims.current()
    if claim is None:
        return
    *_, result = rest
    given = [params or {}, *(multiparams or ())]
    if _cleans(claim, statement):
        ends = _table(statement) in _HEEDED[claim.link or ""].ends
        # Where nothing was deleted, the service has gone on with the resource.
        if ends and result.rowcount:
            gone = naming.bindings(claim.bindings, statement, given)
            binding.unbind(connection, claim, gone)
    elif _makes(claim, statement):
        _bind_made(connection, claim, statement, result)
    # Without a match nothing has changed; some drivers cannot tell.
    elif _changes(claim, statement) and result.rowcount != 0:
        _bind_changed(connection, claim, statement, given, result)


def _cleans(claim: Claim, statement: ty.Any) -> bool:
    """Tell whether a statement deletes what a request may have made."""
    heeded = _HEEDED.get(claim.link or "")
    if heeded is None or not isinstance(statement, sa.Delete | sa.Update):
        return False
    if _table(statement) not in heeded.cleaned:
        return False
    if isinstance(statement, sa.Delete):
        return True
    marked = getattr(heeded.kind, "marked", None)
    return marked is not None and naming.sets(statement, marked)


def _makes(claim: Claim, statement: ty.Any) -> bool:
    heeded = _HEEDED.get(claim.link or "")
    if heeded is None or not isinstance(statement, sa.Insert):
        return False
    return _table(statement) == heeded.made


def _changes(claim: Claim, statement: ty.Any) -> bool:
    heeded = _HEEDED.get(claim.link or "")
    if heeded is None or not isinstance(statement, _Write):
        return False
    return _table(statement) in heeded.changed


def _table(statement: ty.Any) -> str:
    return getattr(statement.table, "name", "")


def _bind_made(
    connection: sa.Connection,
    claim: Claim,
    statement: sa.Insert,
    result: ty.Any,
) -> None:
    kind: ty.Any = _HEEDED[claim.link or ""].kind
    made = [
        row
        for row in naming.inserted(statement, result)
        if kind.counts(naming.Row(row))
    ]
    if made:
        binding.fence(connection, claim, bound=len(made))
    for row in made:
        key = [naming.value(row, column.key) for column in kind.key]
        named = str(naming.value(row, kind.attribute))
        mark = incarnation(connection, kind, key)
        resource = Resource(kind.name, named, kinds.text_of(key), mark)
        binding.bind(connection, claim, resource)


def _bind_changed(
    connection: sa.Connection,
    claim: Claim,
    statement: ty.Any,
    given: ty.Sequence[ty.Mapping[str, ty.Any]],
    result: ty.Any,
) -> None:
    kind: ty.Any = _HEEDED[claim.link or ""].kind
    for named in naming.changed(statement, kind.attribute, given, result):
        change = Resource(kind.name, named, named)
        # Once is enough, however many statements change it.
        if not binding.bound(connection, claim, change):
            binding.fence(connection, claim, bound=1)
            binding.bind(connection, claim, change)
