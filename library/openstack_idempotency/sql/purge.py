# SPDX-License-Identifier: Apache-2.0
"""The steps that end the life of tokens: protocol section 6.

Each write is one statement on rows that are named by their primary keys, and
passes over those that another transaction has locked: no worker that stops
here keeps anybody waiting, and two workers never delete the same row.
"""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.sql import steps
from openstack_idempotency.sql import unlocked
from openstack_idempotency.sql import walking
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from openstack_idempotency.sql.walking import Walking

#: Milliseconds that a row is kept after its end: a slow former owner looks
#: for it, and the server would lock a gap for a row that is missing; and one
#: whose maker's clock was ahead counts for some minutes longer (decision.py).
KEPT: ty.Final = 3_600_000

# The row that an alias leads to.
_OWN = TOKENS.alias("own")
_OF_OWN = sa.and_(
    TOKENS.c.alias_of == _OWN.c.token_digest,
    TOKENS.c.target_digest == _OWN.c.target_digest,
)


@dataclasses.dataclass(frozen=True)
class Batch:
    """What became of a batch of tokens.

    :param chosen: the keys of those that were due; less than asked for:
        there are no more now
    :param done: how many were changed; another transaction had the others
    """

    chosen: tuple[int, ...]
    done: int


class Purging(Walking):
    """Deletes ended tokens, and finds out which ones end."""

    def purge(self, limit: int, before: int | None = None) -> Batch:
        """Delete a batch of tokens that ended more than an hour ago.

        What is to be undone for a token keeps it.

        :param limit: how many at most
        :param before: only those that ended before this time, in
            milliseconds since the epoch
        """
        ended = self._past(TOKENS, before)
        query = sa.select(TOKENS.c.id).where(ended)
        query = query.order_by(TOKENS.c.expires_at).limit(limit)
        keys = [row.id for row in self._read(query)]
        reached(Point.PURGING)
        if not keys:
            return Batch((), 0)
        # First what belongs to them, so that a worker that dies leaves
        # nothing behind that nobody finds.
        kept = self._without_bindings(keys, ended)
        kept |= self._without_aliases(keys, before)
        own = [key for key in keys if key not in kept]
        gone = walking.chosen(ended, own)
        return Batch((*keys,), self._erase(TOKENS, gone) if own else 0)

    def ended(self, before: int | None = None) -> int:
        """Count the tokens that a purge would delete.

        :param before: as of :meth:`purge`
        """
        past = self._past(TOKENS, before)
        query = sa.select(sa.func.count()).where(past)
        count: int = self._read(query)[0][0]
        return count

    def strip(self, limit: int) -> Batch:
        """Take the answer from a batch of tokens that outlive it.

        :param limit: how many at most
        """
        due = TOKENS.c.answer_until <= self._now
        query = sa.select(TOKENS.c.id).where(due)
        query = query.order_by(TOKENS.c.answer_until).limit(limit)
        keys = [row.id for row in self._read(query)]
        if not keys:
            return Batch((), 0)
        done = self._change(due, keys, sealed=None, answer_until=None)
        return Batch((*keys,), done)

    def _past(
        self, tokens: sa.FromClause, before: int | None
    ) -> sa.ColumnElement[bool]:
        columns = tokens.c
        past = [
            columns.expires_at < self._now - KEPT,
            columns.alias_of.is_(None),
            columns.undo == 0,
        ]
        if before is not None:
            past.append(columns.expires_at < before)
        return sa.and_(*past)

    def _without_bindings(
        self, keys: ty.Sequence[int], ended: sa.ColumnElement[bool]
    ) -> set[int]:
        """Delete what is bound to ended tokens; return who still has some."""
        columns = RESOURCES.c
        theirs = sa.select(columns.id, columns.token_id)
        theirs = theirs.where(columns.token_id.in_(keys))
        bound = {row.id: row.token_id for row in self._read(theirs)}
        if not bound:
            return set()
        # A row that lost its bindings alone would promise what nobody finds.
        # So it becomes nobody's first: neither a slow former owner nor a
        # restored server brings it to life then.
        reached(Point.PURGING)
        tokens = [*{*bound.values()}]
        self._change(ended, tokens, **steps.NOBODYS)
        nobodys = sa.and_(ended, TOKENS.c.owner == steps.NOBODY)
        free = {row.id for row in self._read(walking.chosen(nobodys, tokens))}
        # Whoever has used a token again since then has bound under new keys.
        gone = [key for key, token in bound.items() if token in free]
        if gone:
            choice = sa.select(columns.id).where(columns.id.in_(gone))
            # In order, or on a small table MariaDB reads all of another index.
            choice = choice.order_by(columns.id).limit(len(gone))
            self._erase(RESOURCES, choice)
        return {row.token_id for row in self._read(theirs)}

    def _without_aliases(
        self, keys: ty.Sequence[int], before: int | None
    ) -> set[int]:
        """Delete the aliases of ended tokens; return who still has one.

        Before their own rows: an alias that leads nowhere would keep its
        token from being used again.
        """
        aliases = self._aliases(keys)
        if not aliases:
            return set()
        # Not where it has been taken into use again meanwhile.
        unused = sa.exists().where(_OF_OWN, self._past(_OWN, before))
        self._erase(TOKENS, walking.chosen(unused, [*aliases]))
        return {*self._aliases(keys).values()}

    def _aliases(self, keys: ty.Sequence[int]) -> dict[int, int]:
        """Return the keys of tokens' own rows by those of their aliases."""
        # Not in one join: on a small table MariaDB would scan it.
        columns = TOKENS.c
        query = sa.select(columns.token_digest, columns.target_digest)
        query = query.add_columns(columns.id).where(columns.id.in_(keys))
        # In order, or on a small table MariaDB reads all of another index.
        query = query.order_by(columns.id)
        own = {(name, target): id_ for name, target, id_ in self._read(query)}
        digests = {name for name, _ in own}
        if not digests:
            return {}
        query = sa.select(columns.alias_of, columns.target_digest)
        query = query.add_columns(columns.id)
        query = query.where(columns.alias_of.in_(digests))
        return {
            id_: own[name, target]
            for name, target, id_ in self._read(query)
            if (name, target) in own
        }

    def _erase(self, table: sa.Table, gone: sa.Select[ty.Any]) -> int:
        reached(Point.PURGING)
        return self._run.statement(
            lambda connection: unlocked.delete(connection, table, gone)
        )
