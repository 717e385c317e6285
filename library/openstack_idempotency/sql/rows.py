# SPDX-License-Identifier: Apache-2.0
"""What the rows of tokens hold, and how they are told apart."""

from __future__ import annotations

import json
import typing as ty

import sqlalchemy as sa
from sqlalchemy.ext import compiler
from sqlalchemy.sql.visitors import InternalTraversal

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import tables
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

# The values of some columns, by their names.
Row = dict[str, ty.Any]

# Part of each change by which a transaction is fenced: without any change, a
# node of Galera would not compare it with what the others have committed.
FENCE: Row = {"fence": TOKENS.c.fence + 1}

# A token's own row, where the row that was found may be an alias of it.
OWN = TOKENS.alias("own")
OF_ITSELF = sa.and_(
    OWN.c.token_digest
    == sa.func.coalesce(TOKENS.c.alias_of, TOKENS.c.token_digest),
    OWN.c.target_digest == TOKENS.c.target_digest,
)
AS_RECORD = (
    OWN.c.id,
    OWN.c.token_digest,
    # Of the row that was found: keyed with the same secret as its digest.
    TOKENS.c.fingerprint,
    OWN.c.state,
    OWN.c.owner,
    OWN.c.linked,
    OWN.c.bound,
    OWN.c.takeovers,
    OWN.c.undo,
    OWN.c.roles,
    OWN.c.lease_until,
    OWN.c.expires_at,
    OWN.c.request_id,
    OWN.c.status,
    OWN.c.sealed,
    OWN.c.answer_until,
)
# The same of the row that was found, if it is no alias.
AS_FOUND = tuple(TOKENS.c[column.name] for column in AS_RECORD)
# Aliases go with the row that they lead to, and so have no end of their own.
OF_ALIAS: ty.Final[Row] = {"expires_at": FOREVER, "lasting": False}

# The columns of a binding that make a Resource.
AS_RESOURCE = (
    RESOURCES.c.kind,
    RESOURCES.c.resource_id,
    RESOURCES.c.row_key,
    RESOURCES.c.incarnation,
)


# Conditions of the statements that are built once. Their parameters bear other
# names than the columns, whose names are those of what is written.

#: That a claim still holds its row: the fence.
HELD: ty.Final = sa.and_(
    TOKENS.c.id == sa.bindparam("claim_id"),
    TOKENS.c.owner == sa.bindparam("claim_owner"),
)
#: That a row is the token's, under any secret.
OF: ty.Final = sa.and_(
    TOKENS.c.token_digest.in_(sa.bindparam("use_digests", expanding=True)),
    TOKENS.c.target_digest == sa.bindparam("use_target"),
)
#: The same while one secret is listed. The list of an ``in_()`` would be
#: written again into each statement.
OF_ONE: ty.Final = sa.and_(
    TOKENS.c.token_digest == sa.bindparam("use_digest"),
    TOKENS.c.target_digest == sa.bindparam("use_target"),
)
#: That a row is one of some bindings. By their keys: through the other index
#: the server would lock gaps.
BINDINGS: ty.Final = RESOURCES.c.id.in_(
    sa.bindparam("bindings", expanding=True)
)
#: Deletes these bindings.
UNBIND: ty.Final = sa.delete(RESOURCES).where(BINDINGS)


def holding(claim: Claim) -> Row:
    """Return the parameters of :data:`HELD`.

    :param claim: a request's claim
    """
    return {"claim_id": claim.id, "claim_owner": claim.owner}


def using(use: Use) -> Row:
    """Return the parameters of :data:`OF`.

    :param use: a request's use of its token
    """
    return {
        "use_digests": use.digests,
        "use_target": digest.target(use.scope),
    }


def using_one(use: Use) -> Row:
    """Return the parameters of :data:`OF_ONE`.

    :param use: a request's use of its token, under one secret
    """
    (only,) = use.digests
    return {"use_digest": only, "use_target": digest.target(use.scope)}


def held(claim: Claim) -> sa.ColumnElement[bool]:
    """Return the condition that a claim still holds its row: the fence.

    :param claim: a request's claim
    """
    return HELD.params(holding(claim))


def of(use: Use) -> sa.ColumnElement[bool]:
    """Return the condition that a row is the token's, under any secret.

    :param use: a request's use of its token
    """
    return OF.params(using(use))


def at(use: Use, digest_: bytes) -> sa.ColumnElement[bool]:
    """Return the condition that a row is the token's under one secret.

    :param use: a request's use of its token
    :param digest_: the token's digest under that secret
    """
    return sa.and_(
        TOKENS.c.token_digest == digest_,
        TOKENS.c.target_digest == digest.target(use.scope),
    )


def as_read(record: Record) -> sa.ColumnElement[bool]:
    """Return the condition that a row is as it was read.

    :param record: the row as it was read
    """
    columns = TOKENS.c
    return sa.and_(
        columns.id == record.id,
        columns.owner == record.owner,
        columns.state == record.state.value,
        columns.bound == record.bound,
        columns.undo == record.undo,
        columns.lease_until == record.lease_until,
    )


def named(use: Use) -> Row:
    """Return what a row holds of its caller and target.

    :param use: a request's use of its token
    """
    scope = use.scope
    return {
        "target_digest": digest.target(scope),
        "project_id": scope.project_id,
        "user_id": scope.user_id,
        "domain_id": scope.domain_id,
        "system_scope": scope.system_scope,
        "target": scope.target[: tables.TARGET_CHARS],
    }


def asked(use: Use) -> Row:
    """Return what a row holds of the request that runs.

    :param use: the request's use of its token
    """
    return {
        "request_id": use.request_id,
        "version": use.version[: tables.VERSION_CHARS],
        "roles": json.dumps(sorted(use.roles)),
        "linked": use.linked,
        "lasting": use.lasting,
    }


def record(fields: sa.RowMapping) -> Record:
    """Return a row that was read, from the columns of AS_RECORD.

    :param fields: their values
    """
    return Record(
        id=fields["id"],
        digest=fields["token_digest"],
        fingerprint=fields["fingerprint"],
        state=State(fields["state"]),
        owner=fields["owner"],
        linked=bool(fields["linked"]),
        bound=fields["bound"],
        takeovers=fields["takeovers"],
        undo=fields["undo"],
        roles=frozenset(json.loads(fields["roles"])),
        lease_until=fields["lease_until"],
        expires_at=fields["expires_at"],
        request_id=fields["request_id"],
        status=fields["status"],
        sealed=fields["sealed"],
        answer_until=fields["answer_until"],
    )


def resource(row: sa.Row[ty.Any]) -> Resource:
    """Return what a binding names, from the columns of AS_RESOURCE.

    :param row: their values
    """
    return Resource(
        row.kind, row.resource_id, row.row_key, row.incarnation
    )


def newest(columns: ty.Any) -> list[sa.ColumnElement[ty.Any]]:
    """Return the order of one user's tokens in one project, newest first.

    :param columns: of the table of tokens
    """
    return [
        _Same(columns.project_id),
        columns.created_at.desc(),
        columns.id.desc(),
    ]


class _Same(sa.ColumnElement[ty.Any]):
    """A column in the order of rows that all have the same in it.

    Where that is NULL, PostgreSQL sorts what it has found by an index, unless
    the order names the column; and MariaDB does if the order names it.
    """

    inherit_cache = True
    _traverse_internals: ty.Any = [
        ("column", InternalTraversal.dp_clauseelement)
    ]

    def __init__(self, column: sa.ColumnElement[ty.Any]) -> None:
        self.column = column


@compiler.compiles(_Same)
def _nothing(element: _Same, compiler: ty.Any, **kw: ty.Any) -> str:
    return "NULL"


@compiler.compiles(_Same, "postgresql")
def _named(element: _Same, compiler: ty.Any, **kw: ty.Any) -> str:
    named: str = compiler.process(element.column.desc(), **kw)
    return named
