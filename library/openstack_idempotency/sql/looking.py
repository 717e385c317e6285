# SPDX-License-Identifier: Apache-2.0
"""The steps of a look-up: protocol section 8."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.standing import Found
from openstack_idempotency.sql import rows
from openstack_idempotency.sql.rows import OWN
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import PAST_KEYS
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

# How many uses of one token are shown, and how many rows one page of those
# of others is made from: a page reads no more, whatever it looks for.
_MOST = 1000
# Answers are large, and of no use without the token.
_RECORD = tuple(
    sa.null().label(column.name)
    if column.name == TOKENS.c.sealed.name
    else OWN.c[column.name]
    for column in rows.AS_RECORD
)
_SHOWN = (OWN.c.target, OWN.c.project_id, OWN.c.user_id, OWN.c.created_at)


class NoMarker(Exception):
    """The use after which a page should begin is not there."""


@dataclasses.dataclass(frozen=True)
class Page:
    """A part of a list.

    :param limit: how many uses it has at most
    :param marker: the key of the use that it begins after, if not the first
    """

    limit: int
    marker: int | None = None


@dataclasses.dataclass(frozen=True)
class Listed:
    """The uses on a page.

    :param uses: newest first
    :param next_marker: what the next page begins after, None at the end
    """

    uses: list[Found]
    next_marker: int | None = None


class Looking(Steps):
    """Finds uses of tokens for people and clients."""

    def found(self, digests: ty.Sequence[bytes]) -> list[Found]:
        """Return the living uses of a token, newest first.

        :param digests: the token's under each secret, with its caller
        """
        query = self._query(TOKENS.join(OWN, rows.OF_ITSELF)).where(
            TOKENS.c.token_digest.in_(digests), OWN.c.expires_at > self._now
        )
        # While a secret is rotated, several rows lead to one use.
        read = [_found(row) for row in self._read(query.limit(_MOST))]
        uses = {use.record.id: use for use in read}
        return sorted(uses.values(), key=_age, reverse=True)

    def listed(self, caller: Scope, page: Page) -> Listed:
        """Return a page of the living uses of one caller, newest first.

        :param caller: whose uses; the target does not count
        :param page: which page
        :raises NoMarker: the caller has no use with that key
        """
        columns = OWN.c
        mine = sa.and_(
            columns.project_id == caller.project_id,
            columns.user_id == caller.user_id,
        )
        query = self._query(OWN).where(
            mine,
            columns.domain_id == caller.domain_id,
            columns.system_scope == caller.system_scope,
            columns.alias_of.is_(None),
            columns.expires_at > self._now,
        )
        if page.marker is not None:
            began = self._began(page.marker, mine)
            query = query.where(
                columns.created_at <= began,
                sa.or_(columns.created_at < began, columns.id < page.marker),
            )
        query = query.order_by(*rows.newest(columns))
        read = self._read(query.limit(page.limit))
        # To some collations other users have the same name: rene, Rene.
        uses = [_found(row) for row in read if _of(row, caller)]
        # As Nova pages: a full page may have another one behind it.
        full = bool(read) and len(read) == page.limit
        return Listed(uses, read[-1].id if full else None)

    def everywhere(
        self, project_id: str | None, user_id: str | None, page: Page
    ) -> Listed:
        """Return a page of the living uses of several callers, newest first.

        It is shorter than asked for, or empty, where few of the rows that
        it is made from fit; the next one goes on from there.

        :param project_id: only those of this project, if not None
        :param user_id: only those of this user, if not None
        :param page: which page
        """
        columns = OWN.c
        before = PAST_KEYS if page.marker is None else page.marker
        query = self._query(OWN, columns.alias_of).where(columns.id < before)
        read = self._read(query.order_by(columns.id.desc()).limit(_MOST))
        uses = []
        last = None
        for row in read if page.limit else ():
            last = row.id
            if row.alias_of is None and _fits(row, project_id, user_id):
                uses.append(_found(row))
            if len(uses) == page.limit:
                break
        full = len(uses) == page.limit or len(read) == _MOST
        return Listed(uses, last if full else None)

    def bound(self, keys: ty.Collection[int]) -> dict[int, list[Resource]]:
        """Return what is bound to each of several tokens.

        :param keys: the keys of their own rows
        """
        made: dict[int, list[Resource]] = {key: [] for key in keys}
        if not made:
            return made
        columns = RESOURCES.c
        query = sa.select(
            columns.id, columns.token_id, columns.kind, columns.resource_id
        ).where(columns.token_id.in_(made))
        for row in sorted(self._read(query), key=lambda row: row.id):
            resource = Resource(row.kind, row.resource_id, "")
            made[row.token_id].append(resource)
        return made

    def _query(
        self, source: sa.FromClause, *more: sa.ColumnElement[ty.Any]
    ) -> sa.Select[ty.Any]:
        now = self._now.label("now")
        return sa.select(now, *_RECORD, *_SHOWN, *more).select_from(source)

    def _began(self, key: int, mine: sa.ColumnElement[bool]) -> int:
        query = sa.select(OWN.c.created_at).where(OWN.c.id == key, mine)
        found = self._read(query)
        if not found:
            raise NoMarker
        began: int = found[0].created_at
        return began


def _found(row: sa.Row[ty.Any]) -> Found:
    return Found(
        record=rows.record(row._mapping),
        target=row.target,
        project_id=row.project_id,
        user_id=row.user_id,
        created_at=row.created_at,
        seen_at=row.now,
    )


def _of(row: sa.Row[ty.Any], caller: Scope) -> bool:
    return (row.project_id, row.user_id) == (caller.project_id, caller.user_id)


def _fits(
    row: sa.Row[ty.Any], project_id: str | None, user_id: str | None
) -> bool:
    return (
        row.expires_at > row.now
        and project_id in (None, row.project_id)
        and user_id in (None, row.user_id)
    )


def _age(use: Found) -> tuple[int, int]:
    return use.created_at, use.record.id
