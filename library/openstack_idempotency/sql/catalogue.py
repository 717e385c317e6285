# SPDX-License-Identifier: Apache-2.0
"""What operators see of the table: who used tokens, and what came of it.

Never a token, a digest or a body: none of them leaves the table here.
"""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql.steps import PAST
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

#: A token whose request neither runs nor has an outcome.
IN_DOUBT: ty.Final = "in-doubt"
STATES: ty.Final = (*(state.value for state in State), IN_DOUBT)

_COLUMNS: ty.Final = (
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


class Cataloguing(Steps):
    """Lists tokens, counts them, and frees one that is in doubt."""

    def entries(self, wanted: Wanted, limit: int) -> list[Entry]:
        """Return tokens, the newest first.

        :param wanted: which ones
        :param limit: how many at most
        """
        query = sa.select(*_COLUMNS, self._now.label("now"))
        query = query.where(*self._conditions(wanted))
        query = query.order_by(TOKENS.c.id.desc()).limit(limit)
        found = [_entry(row._mapping) for row in self._read(query)]
        return [
            dataclasses.replace(
                entry,
                resources=self._resources(entry.number) if entry.bound else (),
            )
            for entry in found
        ]

    def counts(self) -> dict[tuple[str, bool], int]:
        """Count the tokens by their states, and whether they have ended."""
        ended = sa.case((TOKENS.c.expires_at <= self._now, 1), else_=0)
        doubt = self._in_doubt()
        state = sa.case((doubt, IN_DOUBT), else_=TOKENS.c.state)
        query = (
            sa.select(state, ended, sa.func.count())
            .where(TOKENS.c.alias_of.is_(None))
            .group_by(state, ended)
        )
        return {(row[0], bool(row[1])): row[2] for row in self._read(query)}

    def oldest_ended(self) -> int:
        """Return how many milliseconds ago the oldest token ended.

        Of those that only wait for the purge; 0 without any.
        """
        columns = TOKENS.c
        query = (
            sa.select(self._now - columns.expires_at)
            .where(
                columns.expires_at <= self._now,
                columns.alias_of.is_(None),
                columns.undo == 0,
            )
            .order_by(columns.expires_at)
            .limit(1)
        )
        found = self._read(query)
        return int(found[0][0]) if found else 0

    def keys_by_host(self) -> list[tuple[str, str]]:
        """Return the hosts that wrote within a token's life, with key ids."""
        since = self._now - self._settings.token_ttl
        query = (
            sa.select(TOKENS.c.host, TOKENS.c.key_id)
            .where(TOKENS.c.created_at > since, TOKENS.c.alias_of.is_(None))
            .distinct()
        )
        return sorted((row.host, row.key_id) for row in self._read(query))

    def free_in_doubt(self, number: int) -> bool:
        """Free a token in doubt: its next use is a new request.

        :param number: the key of its row
        :returns: False if it is not in doubt any more
        """

        def free(connection: sa.Connection) -> bool:
            change = (
                sa.update(TOKENS)
                .where(TOKENS.c.id == number, self._in_doubt())
                .where(TOKENS.c.undo == 0)
                .values(
                    rows.FENCE
                    | {
                        "state": State.RUNNING.value,
                        "owner": "",
                        "bound": 0,
                        "lease_until": PAST,
                        "expires_at": self._now,
                        "lasting": False,
                    }
                )
            )
            if connection.execute(change).rowcount != 1:
                return False
            steps.forget(connection, number)
            return True

        return self._run.transaction(free)

    def _resources(self, number: int) -> tuple[Resource, ...]:
        columns = RESOURCES.c
        query = sa.select(columns.kind, columns.resource_id, columns.row_key)
        query = query.where(columns.token_id == number).order_by(columns.id)
        return tuple(Resource(*row) for row in self._read(query))

    def _in_doubt(self) -> sa.ColumnElement[bool]:
        dead = sa.and_(
            TOKENS.c.state == State.RUNNING.value,
            TOKENS.c.lease_until < self._now,
        )
        unknown = TOKENS.c.state == State.UNKNOWN.value
        return sa.and_(sa.or_(dead, unknown), TOKENS.c.expires_at > self._now)

    def _conditions(
        self, wanted: Wanted
    ) -> ty.Iterator[sa.ColumnElement[bool]]:
        columns = TOKENS.c
        yield columns.alias_of.is_(None)
        for column, value in (
            (columns.id, wanted.number),
            (columns.project_id, wanted.project),
            (columns.user_id, wanted.user),
            (columns.request_id, wanted.request),
        ):
            if value is not None:
                yield column == value
        if wanted.state == IN_DOUBT:
            yield self._in_doubt()
        elif wanted.state is not None:
            yield columns.state == wanted.state
        if wanted.older is not None:
            yield columns.created_at <= self._now - wanted.older
        if wanted.younger is not None:
            yield columns.created_at >= self._now - wanted.younger
        if wanted.resource is not None:
            # Of few kinds, and so by the index of both.
            mine = sa.select(RESOURCES.c.token_id).where(
                RESOURCES.c.kind.in_(wanted.kinds),
                RESOURCES.c.resource_id == wanted.resource,
            )
            yield columns.id.in_(mine)


def _entry(row: sa.RowMapping) -> Entry:
    now, state = row["now"], row["state"]
    dead = state == State.RUNNING.value and row["lease_until"] < now
    doubtful = dead or state == State.UNKNOWN.value
    lives = row["expires_at"] > now
    return Entry(
        number=row["id"],
        project=row["project_id"],
        user=row["user_id"],
        target=row["target"],
        version=row["version"],
        state=IN_DOUBT if doubtful and lives else state,
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
