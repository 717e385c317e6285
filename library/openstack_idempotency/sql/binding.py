# SPDX-License-Identifier: Apache-2.0
"""The binding of a resource to a token, and the fence before it.

Both are part of a transaction of the service's: they are committed with what
the service changes, or not at all.
"""

from __future__ import annotations

import typing as ty

from oslo_log import log as logging
import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import commits
from openstack_idempotency.sql import rows
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

LOG = logging.getLogger(__name__)

_FENCE = (
    sa.update(TOKENS)
    .where(rows.HELD)
    .values(rows.FENCE | {"bound": TOKENS.c.bound + sa.bindparam("more")})
)
_WITHIN = _FENCE.where(
    TOKENS.c.bound + sa.bindparam("more") <= sa.bindparam("most")
)
_BIND = sa.insert(RESOURCES)
_THERE = sa.select(RESOURCES.c.id).where(rows.BINDINGS)
_ALREADY = (
    sa.select(RESOURCES.c.id)
    .where(
        RESOURCES.c.token_id == sa.bindparam("token"),
        RESOURCES.c.kind == sa.bindparam("kind"),
        RESOURCES.c.resource_id == sa.bindparam("resource"),
    )
    .limit(1)
)


class Enough(Exception):
    """The request has made all that it may make, and is about to make more.

    Its service has committed, and then runs its method again, because it
    could not tell that, or failed afterwards. The next request with the token
    finds what was made.
    """


def claim_of(kind: str) -> Claim | None:
    """Return the claim under which the calling code makes a kind, if any.

    :param kind: what the resource is called
    """
    claim = claims.current()
    return claim if claim is not None and claim.link == kind else None


def fence(connection: sa.Connection, claim: Claim, bound: int = 0) -> None:
    """Stop a transaction whose request has lost its token.

    This takes the lock on the token's row until the service commits: whoever
    wants to take it over skips it, or finds it bound.

    :param connection: the connection of the running transaction
    :param claim: the request's claim
    :param bound: how many bindings this transaction adds
    :raises errors.TakenOver: a retry has the token, or a node of Galera that
        lags behind does not know of the claim
    :raises Enough: there would be more bindings than the request may make
    """
    values = rows.holding(claim) | {"more": bound}
    limited = claim.most is not None and bound > 0
    if limited:
        within = values | {"most": claim.most}
        if connection.execute(_WITHIN, within).rowcount == 1:
            return
        # It is held, or lost.
        values["more"] = 0
    if connection.execute(_FENCE, values).rowcount != 1:
        claim.lost = True
        LOG.warning(
            "Lost the client token while working on a %s; rolling back.",
            claim.link,
        )
        raise errors.TakenOver
    if limited:
        LOG.warning(
            "The %s of this request was made before; rolling back another.",
            claim.link,
        )
        raise Enough


def bind(connection: sa.Connection, claim: Claim, made: Resource) -> None:
    """Bind a resource; :func:`fence` counts it.

    :param connection: the connection of the running transaction
    :param claim: the request's claim
    :param made: what the request has made
    """
    inserted = connection.execute(
        _BIND,
        {
            "token_id": claim.id,
            "kind": made.kind,
            "resource_id": made.id,
            "row_key": made.key,
            "incarnation": made.incarnation,
        },
    ).inserted_primary_key
    key: ty.Any = inserted
    claim.bindings[made.id] = key[0]
    claim.bindings.setdefault(made.key, key[0])
    commits.mark(connection)


def unbind(
    connection: sa.Connection, claim: Claim, bindings: ty.Collection[int]
) -> None:
    """Take bindings back, as far as they are there.

    :param connection: the connection of the running transaction
    :param claim: the request's claim
    :param bindings: the keys of bindings that the request has made
    :raises errors.TakenOver: a retry has the token
    """
    # Some may have been rolled back or deleted, and deleting a missing row
    # locks a gap, where everybody's new rows go.
    keys = {"bindings": [*bindings]}
    there = connection.scalars(_THERE, keys).all() if bindings else []
    if there:
        fence(connection, claim, bound=-len(there))
        connection.execute(rows.UNBIND, {"bindings": there})


def bound(connection: sa.Connection, claim: Claim, made: Resource) -> bool:
    """Tell whether a resource is already bound to the token.

    :param connection: the connection of the running transaction
    :param claim: the request's claim
    :param made: what the request has changed
    """
    values = {"token": claim.id, "kind": made.kind, "resource": made.id}
    return connection.execute(_ALREADY, values).first() is not None
