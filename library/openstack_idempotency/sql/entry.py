# SPDX-License-Identifier: Apache-2.0
"""A token as operators see it.

Never a token, a digest or a body: none of them is among its columns.
"""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql.tables import TOKENS

#: A token whose request neither runs nor has an outcome.
IN_DOUBT: ty.Final = "in-doubt"
#: One that nobody holds: its next use is a new request.
FREE: ty.Final = "free"
STATES: ty.Final = (*(state.value for state in State), IN_DOUBT, FREE)

#: What is read of it.
COLUMNS: ty.Final = (
    TOKENS.c.id,
    TOKENS.c.project_id,
    TOKENS.c.user_id,
    TOKENS.c.target,
    TOKENS.c.version,
    TOKENS.c.state,
    TOKENS.c.status,
    TOKENS.c.linked,
    TOKENS.c.bound,
    TOKENS.c.takeovers,
    TOKENS.c.undo,
    TOKENS.c.request_id,
    TOKENS.c.host,
    TOKENS.c.key_id,
    TOKENS.c.created_at,
    TOKENS.c.lease_until,
    TOKENS.c.expires_at,
)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One token, as operators see it; times are the database's.

    :param number: the key of its row
    :param state: one of STATES
    :param created: milliseconds since the epoch
    :param expires: likewise; None while it lasts as long as a resource
    """

    number: int
    project: str | None
    user: str | None
    target: str
    version: str
    state: str
    status: int | None
    linked: bool
    bound: int
    takeovers: int
    undo: int
    request: str
    host: str
    key_id: str
    created: int
    expires: int | None
    resources: tuple[Resource, ...] = ()


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Which tokens are wanted; what is None does not matter.

    :param state: one of STATES
    :param older: only those created at least so many milliseconds ago
    :param younger: only those created at most so many milliseconds ago
    :param kinds: the kinds that the resource may be of
    """

    number: int | None = None
    project: str | None = None
    user: str | None = None
    request: str | None = None
    resource: str | None = None
    state: str | None = None
    older: int | None = None
    younger: int | None = None
    kinds: tuple[str, ...] = ()


def in_doubt(columns: ty.Any, now: ty.Any) -> sa.ColumnElement[bool]:
    """Return the condition for a token that is in doubt.

    :param columns: of the table of tokens
    :param now: the database's time
    """
    unknown = columns.state == State.UNKNOWN.value
    dead = sa.or_(_idle(columns, now), unknown)
    return sa.and_(dead, columns.expires_at > now)


def state(columns: ty.Any, now: ty.Any) -> sa.ColumnElement[str]:
    """Return a token's state as operators see it, one of STATES.

    :param columns: of the table of tokens
    :param now: the database's time
    """
    free = sa.and_(_idle(columns, now), columns.expires_at <= now)
    return sa.case(
        (in_doubt(columns, now), IN_DOUBT),
        (free, FREE),
        else_=columns.state,
    )


def _idle(columns: ty.Any, now: ty.Any) -> sa.ColumnElement[bool]:
    return sa.and_(
        columns.state == State.RUNNING.value, columns.lease_until <= now
    )


def entry(row: sa.RowMapping) -> Entry:
    """Return a token as operators see it, without its resources.

    :param row: COLUMNS, and its :func:`state` as seen
    """
    return Entry(
        number=row["id"],
        project=row["project_id"],
        user=row["user_id"],
        target=row["target"],
        version=row["version"],
        state=row["seen"],
        status=row["status"],
        linked=bool(row["linked"]),
        bound=row["bound"],
        takeovers=row["takeovers"],
        undo=row["undo"],
        request=row["request_id"],
        host=row["host"],
        key_id=row["key_id"],
        created=row["created_at"],
        expires=None if row["expires_at"] == FOREVER else row["expires_at"],
    )
