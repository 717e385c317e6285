# SPDX-License-Identifier: Apache-2.0
"""Counts tokens for operators, a stretch of the table at a time.

A statement over the whole table would keep old versions of all rows that
change meanwhile, for as long as it reads.
"""

from __future__ import annotations

import collections
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.sql import entry
from openstack_idempotency.sql.entry import STATES
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import TOKENS

_STRETCH: ty.Final = 10_000


class Census(Steps):
    """Finds out how many tokens there are, and who wrote them."""

    def counts(self) -> dict[tuple[str, bool], int]:
        """Count the tokens by their states, and whether they have ended."""
        found: collections.Counter[tuple[str, bool]] = collections.Counter()
        last = -1
        while True:
            read, row = self._counted(last)
            found.update(row)
            if read is None:
                return {key: number for key, number in found.items() if number}
            last = read

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
        found: set[tuple[str, str]] = set()
        key: str | None = ""
        while key is not None:
            # From one secret's rows to the next one's, by the index.
            query = sa.select(sa.func.min(TOKENS.c.key_id))
            key = self._read(query.where(TOKENS.c.key_id > key))[0][0]
            if key is not None:
                found.update((host, key) for host in self._hosts(key))
        return sorted(found)

    def _counted(
        self, after: int
    ) -> tuple[int | None, dict[tuple[str, bool], int]]:
        """Count a stretch; return where it ended, None at the table's end."""
        names = ("id", "alias_of", "state", "lease_until", "expires_at")
        query = sa.select(*[TOKENS.c[name] for name in names])
        query = query.where(TOKENS.c.id > after).order_by(TOKENS.c.id)
        columns = query.limit(_STRETCH).subquery("stretch").c
        ended = columns.expires_at <= self._now
        state = entry.state(columns, self._now)
        kinds = [(name, past) for name in STATES for past in (False, True)]
        # Sums, since GROUP BY sorts.
        sums = [
            sa.func.sum(
                sa.case(
                    (
                        sa.and_(
                            columns.alias_of.is_(None),
                            state == name,
                            ended if past else sa.not_(ended),
                        ),
                        1,
                    ),
                    else_=0,
                )
            )
            for name, past in kinds
        ]
        counted = sa.select(sa.func.max(columns.id), sa.func.count(), *sums)
        last, rows, *numbers = self._read(counted)[0]
        found = {
            kind: int(number or 0)
            for kind, number in zip(kinds, numbers, strict=True)
        }
        return last if rows == _STRETCH else None, found

    def _hosts(self, key_id: str) -> set[str]:
        columns = TOKENS.c
        hosts: set[str] = set()
        since = self._read(
            sa.select(self._now - self._settings.token_ttl + 1)
        )[0][0]
        while True:
            query = (
                sa.select(columns.host, columns.created_at)
                .where(
                    columns.key_id == key_id,
                    columns.created_at >= since,
                    columns.alias_of.is_(None),
                )
                .order_by(columns.created_at)
                .limit(_STRETCH)
            )
            read = self._read(query)
            # Told apart here: for DISTINCT a server may sort them.
            hosts.update(row.host for row in read)
            if len(read) < _STRETCH:
                return hosts
            # Those of the last millisecond are read once more; were they a
            # whole stretch, it would not get past them.
            past = int(read[0].created_at == read[-1].created_at)
            since = read[-1].created_at + past
