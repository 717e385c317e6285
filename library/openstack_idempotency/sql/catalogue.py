# SPDX-License-Identifier: Apache-2.0
"""What operators see of the table: who used tokens, and what came of it.

Never a token, a digest or a body: none of them leaves the table here.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import entry
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql.entry import Entry
from openstack_idempotency.sql.entry import Wanted
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import PAST_KEYS
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

# How many rows one statement reads that looks through the table.
_STRETCH = 10_000
# How many keys one statement names.
_BATCH = 1000


class Cataloguing(Steps):
    """Lists tokens, and frees one that is in doubt."""

    def entries(self, wanted: Wanted, limit: int) -> list[Entry]:
        """Return tokens, the newest first.

        :param wanted: which ones
        :param limit: how many at most
        """
        found = [
            entry.entry(row._mapping) for row in self._rows(wanted, limit)
        ]
        bound = self._resources([one.number for one in found if one.bound])
        return [
            dataclasses.replace(one, resources=tuple(bound[one.number]))
            for one in found
        ]

    def free_in_doubt(self, shown: Entry) -> bool:
        """Free a token in doubt: its next use is a new request.

        :param shown: the token, as somebody was asked about it
        :returns: False if it is not in doubt any more, or another request
            has left it in doubt since then
        """
        columns = TOKENS.c
        as_shown = sa.and_(
            columns.id == shown.number,
            columns.takeovers == shown.takeovers,
            columns.bound == shown.bound,
            columns.undo == 0,
        )

        def free(connection: sa.Connection) -> bool:
            change = (
                sa.update(TOKENS)
                .where(as_shown, entry.in_doubt(columns, self._now))
                .values(
                    rows.FENCE | steps.NOBODYS | {"expires_at": self._now}
                )
            )
            if connection.execute(change).rowcount != 1:
                return False
            steps.forget(connection, shown.number)
            return True

        return self._run.transaction(free)

    def _rows(self, wanted: Wanted, limit: int) -> list[sa.Row[ty.Any]]:
        if wanted.number is not None:
            return self._among(wanted, [wanted.number], limit)
        if wanted.resource is not None:
            return self._among(wanted, self._makers(wanted), limit)
        if wanted.project is not None and wanted.user is not None:
            return self._matching(
                wanted, order=rows.newest(TOKENS.c), limit=limit
            )
        return self._backwards(wanted, limit)

    def _among(
        self, wanted: Wanted, keys: ty.Sequence[int], limit: int
    ) -> list[sa.Row[ty.Any]]:
        """Return rows of which the keys are known."""
        found: list[sa.Row[ty.Any]] = []
        for some in _batches(sorted(keys, reverse=True)):
            matching = self._matching(wanted, TOKENS.c.id.in_(some))
            found += sorted(matching, key=_key, reverse=True)
            if len(found) >= limit:
                break
        return found[:limit]

    def _makers(self, wanted: Wanted) -> list[int]:
        """Return the keys of the tokens that made a resource."""
        # Of few kinds, and so by the index of both.
        query = sa.select(RESOURCES.c.token_id).where(
            RESOURCES.c.kind.in_(wanted.kinds),
            RESOURCES.c.resource_id == wanted.resource,
        )
        return [row.token_id for row in self._read(query)]

    def _backwards(self, wanted: Wanted, limit: int) -> list[sa.Row[ty.Any]]:
        """Return rows that no index finds, stretch by stretch.

        So that no statement reads the whole table, or sorts what it read.
        """
        found: list[sa.Row[ty.Any]] = []
        before: int | None = PAST_KEYS
        size = min(limit, _STRETCH)
        while before is not None and len(found) < limit:
            key = TOKENS.c.id
            query = sa.select(*entry.COLUMNS, TOKENS.c.alias_of)
            query = query.where(key < before).order_by(key.desc())
            stretch = query.limit(size).subquery("stretch").c
            first, number = self._read(
                sa.select(sa.func.min(stretch.id), sa.func.count())
            )[0]
            matching = self._matching(wanted, columns=stretch)
            found += sorted(matching, key=_key, reverse=True)
            before = first if number == size else None
            size = min(2 * size, _STRETCH)
        return found[:limit]

    def _matching(
        self,
        wanted: Wanted,
        *where: sa.ColumnElement[bool],
        columns: ty.Any = TOKENS.c,
        order: ty.Sequence[sa.ColumnElement[ty.Any]] = (),
        limit: int | None = None,
    ) -> list[sa.Row[ty.Any]]:
        shown = [columns[one.name] for one in entry.COLUMNS]
        seen = entry.state(columns, self._now).label("seen")
        query = sa.select(*shown, seen)
        query = query.where(*where, *self._conditions(wanted, columns))
        return [*self._read(query.order_by(*order).limit(limit))]

    def _resources(
        self, numbers: ty.Sequence[int]
    ) -> dict[int, list[Resource]]:
        columns = RESOURCES.c
        made = collections.defaultdict(list)
        for some in _batches(numbers):
            query = sa.select(
                columns.id,
                columns.token_id,
                columns.kind,
                columns.resource_id,
                columns.row_key,
            ).where(columns.token_id.in_(some))
            # In order here: a server would sort those of several tokens.
            for row in sorted(self._read(query), key=_key):
                resource = Resource(row.kind, row.resource_id, row.row_key)
                made[row.token_id].append(resource)
        return made

    def _conditions(
        self, wanted: Wanted, columns: ty.Any
    ) -> ty.Iterator[sa.ColumnElement[bool]]:
        yield columns.alias_of.is_(None)
        for column, value in (
            (columns.id, wanted.number),
            (columns.project_id, wanted.project),
            (columns.user_id, wanted.user),
            (columns.request_id, wanted.request),
        ):
            if value is not None:
                yield column == value
        if wanted.state is not None:
            yield entry.state(columns, self._now) == wanted.state
        if wanted.older is not None:
            yield columns.created_at <= self._now - wanted.older
        if wanted.younger is not None:
            yield columns.created_at >= self._now - wanted.younger


def _batches(keys: ty.Sequence[int]) -> ty.Iterator[ty.Sequence[int]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]


def _key(row: sa.Row[ty.Any]) -> int:
    key: int = row.id
    return key
