# SPDX-License-Identifier: Apache-2.0
"""Binds what Nova creates to the token of the request that creates it.

The binding is part of the transaction in which Nova inserts the resource's
row: both are committed, or none is. It is fenced: a request that does not
hold its token any more makes that transaction roll back (section 5).
"""

from __future__ import annotations

import functools
import typing as ty

from oslo_log import log as logging
import sqlalchemy as sa
from sqlalchemy import orm

from nova.db.idempotency import rows
from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import faults
from nova.openstack.common.idempotency import record
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.faults import reached

LOG = logging.getLogger(__name__)


# Once in a process: paste builds a router for each of /v2 and /v2.1.
@functools.cache
def listen(model: type, kind: str, attribute: str) -> None:
    """Bind each new row of a model, if a request with a token inserts it.

    :param model: the ORM class of the resource's row, with a key ``id``
    :param kind: what the resource is called: server, keypair, ...
    :param attribute: the attribute that the API uses as the resource's id
    """

    # Before the resource's row is there, so that its unique keys (a keypair's
    # name) never keep a repetition waiting: if this process is frozen right
    # after, the repetition meets the lock on the token's row, which it skips.
    def fence(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = _claim(kind)
        if claim is not None:
            reached(Point.BEFORE_LINK)
            _fence(connection, claim)

    def bind(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = _claim(kind)
        if claim is not None:
            named = str(getattr(row, attribute))
            resource = record.Resource(kind, named, row.id)
            _bind(connection, claim, resource)
            _mark_commit(row)

    sa.event.listen(model, "before_insert", fence)
    sa.event.listen(model, "after_insert", bind)


def _claim(kind: str) -> record.Claim | None:
    claim = record.current()
    return claim if claim is not None and claim.link == kind else None


def _fence(connection: sa.Connection, claim: record.Claim) -> None:
    # This takes the lock on the token's row until Nova commits: whoever
    # wants to take it over skips it, or finds it linked.
    count = {"linked": rows.TOKENS.c.linked + 1}
    fence = sa.update(rows.TOKENS).where(rows.held(claim)).values(count)
    if connection.execute(fence).rowcount != 1:
        claim.lost = True
        LOG.warning(
            "A repetition took the client token of this request over; what "
            "it was creating (a %s) is rolled back.",
            claim.link,
        )
        raise errors.TokenLost


def _bind(
    connection: sa.Connection, claim: record.Claim, resource: record.Resource
) -> None:
    connection.execute(
        sa.insert(rows.RESOURCES).values(
            token_id=claim.id,
            kind=resource.kind,
            resource_id=resource.id,
            row_id=resource.row_id,
        )
    )


def _mark_commit(row: ty.Any) -> None:
    if not faults.armed():
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
