# SPDX-License-Identifier: Apache-2.0
"""Binds what a service creates to the token of the request that creates it.

The binding is part of the transaction in which the service inserts the
resource's row: both are committed, or neither is. It is fenced: if the request
does not hold its token any more, that transaction is rolled back. The fence
also stops such a request from deleting what it made before (section 5).
"""

from __future__ import annotations

import functools
import typing as ty

from oslo_log import log as logging
import sqlalchemy as sa
from sqlalchemy import orm

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine import points
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import rows
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

LOG = logging.getLogger(__name__)

# By kind: the tables from which a request's own clean-up deletes rows, and the
# one among them whose row stands for the resource.
_GUARDED: dict[str, frozenset[str]] = {}
_ENDS: dict[str, str] = {}


# Once in a process: paste builds a router for each of /v2 and /v2.1.
@functools.cache
def listen(model: type, kind: str, attribute: str) -> None:
    """Bind each new row of a model, if a request with a token inserts it.

    :param model: the ORM class of the resource's row, with a key ``id``
    :param kind: what the resource is called: server, keypair, ...
    :param attribute: the attribute that the API uses as the resource's id
    """

    # Fence before inserting the resource: otherwise a stopped process would
    # hold the lock on a unique key (a keypair's name) and block the retry.
    # This way the retry only meets the token row's lock, which it skips.
    def fence(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = _claim(kind)
        if claim is not None:
            reached(Point.BEFORE_LINK)
            _fence(connection, claim, bound=1)

    def bind(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = _claim(kind)
        if claim is not None:
            named = str(getattr(row, attribute))
            _bind(connection, claim, Resource(kind, named, str(row.id)))
            _mark_commit(row)

    sa.event.listen(model, "before_insert", fence)
    sa.event.listen(model, "after_insert", bind)


@functools.cache
def fence(model: type, kind: str) -> None:
    """Roll back new rows of a model if the request has lost its token.

    :param model: the ORM class of a row that belongs to a resource
    :param kind: what the resource is called
    """

    def check(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        mine = _claim(kind)
        if mine is not None:
            _fence(connection, mine, bound=0)

    sa.event.listen(model, "before_insert", check)


def guard(kind: str, tables: ty.Collection[str], ends: str) -> None:
    """Fence the deletions by which a request cleans up what it made.

    A service that fails, or refuses, after a commit deletes what it committed.
    If another request has the token by then, its client may have been told
    that the resource is there.

    :param kind: what the resource is called
    :param tables: the names of tables from which the service deletes
    :param ends: the one of them whose row goes when the resource goes
    """
    _GUARDED[kind] = frozenset(tables)
    _ENDS[kind] = ends


def watch(engine: sa.Engine) -> None:
    """Watch the deletions of an engine, for :func:`guard`.

    :param engine: the service's; calling it again is a no-op
    """
    for name, listener in (
        ("before_execute", _before_execute),
        ("after_execute", _after_execute),
    ):
        if not sa.event.contains(engine, name, listener):
            sa.event.listen(engine, name, listener)


def _before_execute(
    connection: sa.Connection,
    statement: ty.Any,
    multiparams: ty.Any,
    params: ty.Any,
    execution_options: ty.Any,
) -> None:
    claim = claims.current()
    if claim is not None and _deletes(claim, statement):
        reached(Point.BEFORE_CLEANUP)
        _fence(connection, claim, bound=0)


def _after_execute(
    connection: sa.Connection,
    statement: ty.Any,
    multiparams: ty.Any,
    params: ty.Any,
    *rest: ty.Any,
) -> None:
    claim = claims.current()
    if claim is None or not _deletes(claim, statement):
        return
    *_, result = rest
    ends = statement.table.name == _ENDS[claim.link or ""]
    # Where nothing was deleted, the service has gone on with the resource.
    if ends and result.rowcount:
        named = _named(claim, statement, multiparams, params)
        _unbind(connection, claim, named)


def _deletes(claim: Claim, statement: ty.Any) -> bool:
    """Tell whether a statement deletes what a request may have made."""
    if not isinstance(statement, sa.Delete):
        return False
    table = getattr(statement.table, "name", "")
    return table in _GUARDED.get(claim.link or "", ())


def _named(
    claim: Claim, statement: sa.Delete, multiparams: ty.Any, params: ty.Any
) -> set[int]:
    """Return the keys of those bindings whose resources a deletion names."""
    given: list[ty.Any] = [*statement.compile().params.values()]
    for values in [params or {}, *(multiparams or ())]:
        given += values.values()
    return {
        claim.bindings[str(value)]
        for value in given
        if isinstance(value, (str, int)) and str(value) in claim.bindings
    }


def _unbind(
    connection: sa.Connection, claim: Claim, bindings: set[int]
) -> None:
    # Only those that are there, since some were rolled back or are gone:
    # deleting a missing row locks a gap, where everybody's new rows go.
    columns = RESOURCES.c
    query = sa.select(columns.id).where(columns.id.in_(bindings))
    there = connection.scalars(query).all() if bindings else []
    if there:
        _fence(connection, claim, bound=-len(there))
        gone = sa.delete(RESOURCES).where(columns.id.in_(there))
        connection.execute(gone)


def _claim(kind: str) -> Claim | None:
    claim = claims.current()
    return claim if claim is not None and claim.link == kind else None


def _fence(connection: sa.Connection, claim: Claim, bound: int) -> None:
    # This takes the lock on the token's row until the service commits:
    # whoever wants to take it over skips it, or finds it bound.
    change = rows.FENCE | {"bound": TOKENS.c.bound + bound}
    fence = sa.update(TOKENS).where(rows.held(claim)).values(change)
    if connection.execute(fence).rowcount != 1:
        claim.lost = True
        LOG.warning(
            "Lost the client token to a retry while creating a %s; rolling "
            "back.",
            claim.link,
        )
        raise errors.TakenOver


def _bind(connection: sa.Connection, claim: Claim, made: Resource) -> None:
    inserted = connection.execute(
        sa.insert(RESOURCES).values(
            token_id=claim.id,
            kind=made.kind,
            resource_id=made.id,
            row_key=made.key,
        )
    ).inserted_primary_key
    key: ty.Any = inserted
    claim.bindings[made.id] = key[0]
    claim.bindings.setdefault(made.key, key[0])


def _mark_commit(row: ty.Any) -> None:
    if not points.armed():
        return
    session = orm.object_session(row)
    for event, point in (
        ("before_commit", Point.BEFORE_COMMIT),
        ("after_commit", Point.AFTER_COMMIT),
    ):
        mark = functools.partial(_mark, point)
        sa.event.listen(session, event, mark, once=True)


def _mark(point: Point, session: orm.Session) -> None:
    reached(point)
