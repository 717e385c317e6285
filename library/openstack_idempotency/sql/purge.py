# SPDX-License-Identifier: Apache-2.0
"""The steps that end the life of tokens: protocol section 6.

Each write is one statement on rows that are named by their primary keys, and
passes over those that another transaction has locked: no worker that stops
here keeps anybody waiting, and two workers never delete the same row.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import surviving
from openstack_idempotency.sql import unlocked
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

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
class Walked:
    """What became of one stretch of the tokens that last.

    :param gone: how many were seen to have nothing left
    :param back: how many have something again, as after a restore
    :param last: the key of the last one, None at the end of the table
    """

    gone: int
    back: int
    last: int | None


@dataclasses.dataclass(frozen=True)
class Batch:
    """What became of a batch of tokens.

    :param chosen: the keys of those that were due; less than asked for:
        there are no more now
    :param done: how many were changed; another transaction had the others
    """

    chosen: tuple[int, ...]
    done: int


class Purging(Steps):
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
        # First what leads to them, so that a worker that dies leaves nothing
        # behind that nobody finds.
        bound = self._keys(RESOURCES, RESOURCES.c.token_id.in_(keys))
        if bound:
            self._erase(RESOURCES, None, bound)
        aliased = self._without_aliases(keys, before)
        own = [key for key in keys if key not in aliased]
        done = self._erase(TOKENS, ended, own) if own else 0
        return Batch((*keys,), done)

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

    def walk(
        self, lasting: ty.Collection[Kind], after: int, limit: int
    ) -> Walked:
        """Look what is left of what a stretch of lasting tokens made.

        :param lasting: the kinds of resources by which tokens last
        :param after: the key after which it begins
        :param limit: how many tokens at most
        """
        query = (
            sa.select(TOKENS.c.id, TOKENS.c.gone_at)
            .where(TOKENS.c.lasting == sa.true(), TOKENS.c.id > after)
            .order_by(TOKENS.c.lasting, TOKENS.c.id)
            .limit(limit)
        )
        found = {row.id: row.gone_at for row in self._read(query)}
        alive = self._alive(lasting, list(found))
        reached(Point.MARKING)
        marked = TOKENS.c.gone_at.is_not(None)
        gone = self._settled(
            [key for key in found.keys() - alive if found[key] is None],
            sa.not_(marked),
            gone_at=self._now,
            expires_at=self._now + self._settings.token_ttl,
        )
        back = self._settled(
            [key for key in alive if found[key] is not None],
            marked,
            gone_at=None,
            expires_at=FOREVER,
        )
        return Walked(gone, back, max(found) if len(found) == limit else None)

    def newest(self) -> int:
        """Return the key of the newest token, 0 without any."""
        query = sa.select(sa.func.max(TOKENS.c.id))
        newest: int | None = self._read(query)[0][0]
        return newest or 0

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

    def _alive(
        self, lasting: ty.Collection[Kind], tokens: ty.Sequence[int]
    ) -> set[int]:
        """Return those tokens of which something is left."""
        columns = RESOURCES.c
        query = sa.select(columns.token_id, *rows.AS_RESOURCE).where(
            columns.token_id.in_(tokens)
        )
        bound: dict[str, dict[Resource, int]] = collections.defaultdict(dict)
        for token_id, *made in self._read(query) if tokens else ():
            resource = Resource(*made)
            bound[resource.kind][resource] = token_id
        # Of a kind that is not known here nothing can be told.
        alive = {name: set(made) for name, made in bound.items()}
        for kind in lasting:
            if kind.name in bound:
                alive[kind.name] = self._there(kind, [*bound[kind.name]])
        return {
            bound[name][one] for name, made in alive.items() for one in made
        }

    def _there(
        self, kind: Kind, resources: ty.Sequence[Resource]
    ) -> set[Resource]:
        return self._run.statement(
            lambda connection: surviving.there(connection, kind, resources)
        )

    def _settled(
        self,
        keys: ty.Sequence[int],
        where: sa.ColumnElement[bool],
        **values: ty.Any,
    ) -> int:
        """Change lasting tokens whose requests do not run."""
        idle = sa.or_(
            TOKENS.c.state != State.RUNNING.value,
            TOKENS.c.lease_until < self._now,
        )
        where = sa.and_(TOKENS.c.lasting == sa.true(), idle, where)
        return self._change(where, keys, **values) if keys else 0

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
        self._erase(TOKENS, unused, [*aliases])
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

    def _keys(
        self, table: sa.Table, where: sa.ColumnElement[bool]
    ) -> list[int]:
        found = self._read(sa.select(table.c.id).where(where))
        return [row.id for row in found]

    def _erase(
        self,
        table: sa.Table,
        where: sa.ColumnElement[bool] | None,
        keys: ty.Sequence[int],
    ) -> int:
        chosen = _chosen(table, where, keys)
        return self._run.statement(
            lambda connection: unlocked.delete(connection, table, chosen)
        )

    def _change(
        self,
        where: sa.ColumnElement[bool],
        keys: ty.Sequence[int],
        **values: ty.Any,
    ) -> int:
        chosen = _chosen(TOKENS, where, keys)
        return self._run.statement(
            lambda connection: unlocked.update(
                connection, TOKENS, chosen, values
            )
        )


def _chosen(
    table: sa.Table,
    where: sa.ColumnElement[bool] | None,
    keys: ty.Sequence[int],
) -> sa.Select[ty.Any]:
    chosen = sa.select(table.c.id).where(table.c.id.in_(keys))
    chosen = chosen.limit(len(keys))
    if where is not None:
        return chosen.where(where)
    # In order, or on a small table MariaDB reads all of another index.
    return chosen.order_by(table.c.id)
