# SPDX-License-Identifier: Apache-2.0
"""What the rows of tokens hold, and how they are told apart."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from nova.db.idempotency import models
from nova.openstack.common.idempotency import digest
from nova.openstack.common.idempotency.record import Claim
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.sameness import Scope

TOKENS: ty.Final[sa.Table] = models.ClientToken.__table__
RESOURCES: ty.Final[sa.Table] = models.ClientTokenResource.__table__

# The values of some columns, by their names.
Row = dict[str, ty.Any]

# A token's own row, where the row that was found may be an alias of it.
OWN = TOKENS.alias("own")
AS_RECORD = (
    OWN.c.id,
    OWN.c.token_digest,
    # Of the row that was found: keyed with the same secret as its digest.
    TOKENS.c.fingerprint,
    OWN.c.state,
    OWN.c.owner,
    OWN.c.linked,
    OWN.c.lease_until,
    OWN.c.expires_at,
    OWN.c.request_id,
    OWN.c.sealed,
)


def held(claim: Claim) -> sa.ColumnElement[bool]:
    """Return the condition that a claim still holds its row: the fence.

    :param claim: a request's claim
    """
    return sa.and_(TOKENS.c.id == claim.id, TOKENS.c.owner == claim.owner)


def forget(connection: sa.Connection, token_id: int) -> None:
    """Delete all that belongs to a token, but for its own row.

    :param connection: the connection of a running transaction
    :param token_id: the key of the token's own row
    """
    bound = RESOURCES.c.token_id == token_id
    connection.execute(sa.delete(RESOURCES).where(bound))
    aliases = TOKENS.c.alias_of == token_id
    connection.execute(sa.delete(TOKENS).where(aliases))


def insert_aliases(
    connection: sa.Connection,
    token_id: int,
    row: Row,
    others: ty.Iterable[tuple[bytes, bytes]],
) -> None:
    """Let a token be found by its digests under other secrets, too.

    :param connection: the connection of a running transaction
    :param token_id: the key of the token's own row
    :param row: what that row holds
    :param others: digest and fingerprint under each of the other secrets
    """
    for other in others:
        alias = row | keyed(*other) | {"alias_of": token_id}
        connection.execute(sa.insert(TOKENS).values(alias))


def keyed(digest_: bytes, fingerprint: bytes) -> Row:
    """Return what a row holds that is keyed with one secret.

    :param digest_: the token's digest
    :param fingerprint: the request's
    """
    return {"token_digest": digest_, "fingerprint": fingerprint}


def named(scope: Scope) -> Row:
    """Return what a row holds of its caller and target.

    :param scope: whose token it is, and for what target
    """
    return {
        "target_digest": digest.target(scope),
        "project_id": scope.project_id,
        "user_id": scope.user_id,
        "target": scope.target[: models.TARGET_CHARS],
    }


def record(
    key: int, row: bytes, fingerprint: bytes, state: str, *rest: ty.Any
) -> Record:
    """Return a row that was read, from the columns of AS_RECORD."""
    return Record(key, row, fingerprint, State(state), *rest)
