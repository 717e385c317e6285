# SPDX-License-Identifier: Apache-2.0
"""The steps that find out which tokens end: protocol section 6.

Each write is one statement on rows that are named by their primary keys, and
passes over those that another transaction has locked: no worker that stops
here keeps anybody waiting.
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


class Walking(Steps):
    """Sees whether what tokens made is gone, or has come back."""

    def walk(
        self, lasting: ty.Collection[Kind], after: int, limit: int
    ) -> Walked:
        """Check what is left of what a stretch of lasting tokens made.

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

    def there(
        self, kind: Kind, resources: ty.Sequence[Resource]
    ) -> set[Resource]:
        """Return those of some resources that are not deleted.

        :param kind: what they are
        :param resources: what tokens made
        """
        return self._run.statement(
            lambda connection: surviving.there(connection, kind, resources)
        )

    def newest(self) -> int:
        """Return the key of the newest token, 0 without any."""
        query = sa.select(sa.func.max(TOKENS.c.id))
        newest: int | None = self._read(query)[0][0]
        return newest or 0

    def _alive(
        self, lasting: ty.Collection[Kind], tokens: ty.Sequence[int]
    ) -> set[int]:
        """Return the tokens of which something is left."""
        columns = RESOURCES.c
        query = sa.select(columns.token_id, *rows.AS_RESOURCE).where(
            columns.token_id.in_(tokens)
        )
        bound: dict[str, dict[Resource, int]] = collections.defaultdict(dict)
        for row in self._read(query) if tokens else ():
            bound[row.kind][rows.resource(row)] = row.token_id
        # Of a kind that is not known here nothing can be told.
        alive = {name: set(made) for name, made in bound.items()}
        for kind in lasting:
            if kind.name in bound:
                alive[kind.name] = self.there(kind, [*bound[kind.name]])
        return {
            bound[name][one] for name, made in alive.items() for one in made
        }

    def _settled(
        self,
        keys: ty.Sequence[int],
        where: sa.ColumnElement[bool],
        **values: ty.Any,
    ) -> int:
        """Change those lasting tokens whose requests are not running."""
        idle = sa.or_(
            TOKENS.c.state != State.RUNNING.value,
            TOKENS.c.lease_until < self._now,
        )
        where = sa.and_(TOKENS.c.lasting == sa.true(), idle, where)
        return self._change(where, keys, **values) if keys else 0

    def _change(
        self,
        where: sa.ColumnElement[bool],
        keys: ty.Sequence[int],
        **values: ty.Any,
    ) -> int:
        free = chosen(where, keys)
        return self._run.statement(
            lambda connection: unlocked.update(
                connection, TOKENS, free, values
            )
        )


def chosen(
    where: sa.ColumnElement[bool], keys: ty.Sequence[int]
) -> sa.Select[ty.Any]:
    """Return a query for those of some tokens that fulfil a condition.

    :param where: the condition
    :param keys: of their rows
    """
    choice = sa.select(TOKENS.c.id).where(TOKENS.c.id.in_(keys), where)
    return choice.limit(len(keys))
