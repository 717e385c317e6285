# SPDX-License-Identifier: Apache-2.0
"""The steps that find rows keyed with other secrets: protocol section 4."""

from __future__ import annotations

import dataclasses
import itertools
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import TOKENS

# Milliseconds: twice the time between two looks, so that none is missed.
_YOUNG = 120_000
# How many hosts one look reports; the next one reports the others.
_MOST = 10
# How many rows it reads for that.
_ROWS = 1000


@dataclasses.dataclass(frozen=True)
class Stranger:
    """A host that keys its rows with a secret that is not known here.

    :param host: its name
    :param key_id: the secret's id
    """

    host: str
    key_id: str


class Watching(Steps):
    """Finds rows of secrets that are not known here, by an index."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the secrets that are known here."""
        return self._settings.key_ids

    def strangers(self) -> list[Stranger]:
        """Return the hosts that recently used a secret that is not known."""
        since = self._now - _YOUNG
        query = (
            sa.select(TOKENS.c.host, TOKENS.c.key_id)
            .where(self._foreign(), TOKENS.c.created_at > since)
            .limit(_ROWS)
        )
        # Told apart here: for DISTINCT PostgreSQL would sort them.
        found = dict.fromkeys(map(tuple, self._read(query)))
        return [Stranger(*pair) for pair in [*found][:_MOST]]

    def foreign(self) -> dict[str, int]:
        """Count the living rows of secrets that are not known, by their ids.

        If there is no such secret, this reads only the ends of an index.
        """
        query = (
            sa.select(TOKENS.c.key_id, sa.func.count())
            .where(self._foreign(), TOKENS.c.expires_at > self._now)
            .group_by(TOKENS.c.key_id)
        )
        return {row[0]: row[1] for row in self._read(query)}

    def recent_by_key(self) -> dict[str, int]:
        """Count the tokens of the last two minutes by their secrets' ids.

        Each secret that is known is there, even without any; where none is
        known, nothing is: nobody could tell them apart by the index.
        """
        if not self.key_ids:
            return {}
        recent = sa.and_(
            TOKENS.c.created_at > self._now - _YOUNG,
            TOKENS.c.alias_of.is_(None),
        )
        number = sa.func.count()
        # One by one, and so by the index; GROUP BY would sort them.
        found: dict[str, int] = {
            key_id: self._read(
                sa.select(number).where(TOKENS.c.key_id == key_id, recent)
            )[0][0]
            for key_id in self.key_ids
        }
        others = (
            sa.select(TOKENS.c.key_id, number)
            .where(self._foreign(), recent)
            .group_by(TOKENS.c.key_id)
        )
        return found | {row[0]: row[1] for row in self._read(others)}

    def _foreign(self) -> sa.ColumnElement[bool]:
        # As ranges between the known ids, which every server finds by the
        # index; some scan the table for NOT IN. Aliases do not count: the
        # token's own row speaks for them.
        known = sorted(self._settings.key_ids)
        column = TOKENS.c.key_id
        gaps: list[ty.Any] = [column < known[0], column > known[-1]]
        gaps += [
            sa.and_(column > below, column < above)
            for below, above in itertools.pairwise(known)
        ]
        return sa.and_(sa.or_(*gaps), TOKENS.c.alias_of.is_(None))
