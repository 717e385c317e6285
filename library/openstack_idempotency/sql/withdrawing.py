# SPDX-License-Identifier: Apache-2.0
"""The steps of a withdrawal: protocol section 5."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import TOKENS
from openstack_idempotency.sql.tables import WITHDRAWALS

TakeBack = ty.Callable[[ty.Any, ty.Sequence[Resource]], Withdrawn]

# How many withdrawals one query returns.
_BATCH = 1000
# With the column before it, so that an index has them in this order.
_OLDEST = (WITHDRAWALS.c.undone, WITHDRAWALS.c.id)


@dataclasses.dataclass(frozen=True)
class Left:
    """A token with withdrawals that nobody has undone.

    :param token_id: the key of its row
    :param owner: who held it last
    """

    token_id: int
    owner: str

    @property
    def claim(self) -> Claim:
        """A claim that holds as long as nobody else takes the token."""
        return Claim.of_another(self.token_id, self.owner)


class Withdrawing(Steps):
    """Lets a service take back what it has not gone on with."""

    def withdraw(
        self, claim: Claim, use: Use, take_back: TakeBack
    ) -> Fate | None:
        """Let a service take back what is bound, in one transaction.

        :param claim: the claim of a request that recovers the token
        :param use: that request's use of the token
        :param take_back: changes the service's own tables by the connection
        :returns: None if the claim no longer holds
        """

        def withdraw(connection: sa.Connection) -> Fate | None:
            if not self._fence(connection, claim):
                return None
            committed = self._committed(connection, claim)
            if committed is not None:
                return committed
            bound = steps.bound(connection, claim.id)
            withdrawn = take_back(connection, tuple(bound.values()))
            reached(Point.WITHDRAWING)
            if withdrawn.fate is Fate.TAKEN:
                raise steps.Kept
            self._note(connection, claim, bound, withdrawn)
            # The token's new state is part of the same commit: after a late
            # cast, the resources would tell something else.
            fresh = (
                self._renewed(use)
                if withdrawn.fate is Fate.WITHDRAWN
                else self._ended()
            )
            change = sa.update(TOKENS).where(rows.held(claim)).values(fresh)
            connection.execute(change)
            return withdrawn.fate

        try:
            return self._run.transaction(withdraw)
        except steps.Kept:
            return Fate.TAKEN

    def todos(self, token_id: int) -> dict[int, str]:
        """Return what must be undone for withdrawn resources.

        :param token_id: the key of the token's row
        :returns: it, by the keys of the withdrawals
        """
        query = sa.select(WITHDRAWALS.c.id, WITHDRAWALS.c.todo)
        found = self._read(query.where(_pending(token_id)))
        # In order here: they are few, and a server might find them by the
        # other index, and sort.
        return {row.id: row.todo for row in sorted(found, key=_key)}

    def undone(self, claim: Claim, keys: ty.Collection[int]) -> int | None:
        """Note that some of what was withdrawn is undone.

        :param claim: the claim of the request that undid it
        :param keys: the keys of those withdrawals, which were read before:
            there may be others that a node of Galera did not know
        :returns: how many are left; None if the claim did not hold any more
        """
        mine = rows.held(claim)

        def note(connection: sa.Connection) -> int | None:
            fence = sa.update(TOKENS).where(mine).values(rows.FENCE)
            if connection.execute(fence).rowcount != 1:
                return None
            query = sa.select(WITHDRAWALS.c.id).where(_pending(claim.id))
            pending = set(connection.scalars(query))
            done = sa.update(WITHDRAWALS).where(
                WITHDRAWALS.c.id.in_(sorted(pending.intersection(keys)))
            )
            connection.execute(done.values(undone=True))
            left = len(pending.difference(keys))
            count = sa.update(TOKENS).where(mine).values(undo=left)
            connection.execute(count)
            return left

        return self._run.transaction(note)

    def left(self, after: int = 0) -> tuple[list[Left], int | None]:
        """Return what must be undone, if no request is about to do it.

        :param after: the key of the withdrawal after which it begins
        :returns: a stretch of it, and after which key the next one begins;
            None at the end
        """
        due = sa.and_(
            TOKENS.c.undo > 0,
            TOKENS.c.lease_until < self._now - self._settings.lease,
        )
        columns = WITHDRAWALS.c
        query = (
            sa.select(columns.id, columns.token_id, TOKENS.c.owner)
            .join_from(WITHDRAWALS, TOKENS, TOKENS.c.id == columns.token_id)
            .where(sa.not_(columns.undone), columns.id > after, due)
            .order_by(*_OLDEST)
        )
        found = self._read(query.limit(_BATCH))
        left = dict.fromkeys((row.token_id, row.owner) for row in found)
        return [Left(*one) for one in left], _next(found)

    def withdrawn(
        self, after: int = 0
    ) -> tuple[dict[int, Resource], int | None]:
        """Return withdrawn resources of which late traces may appear.

        :param after: the key of the withdrawal after which it begins
        :returns: a stretch of the resources, by the keys of their
            withdrawals, and after which key the next one begins; None at the
            end
        """
        columns = WITHDRAWALS.c
        query = sa.select(columns.id, columns.kind, columns.resource_id)
        query = query.where(columns.undone, columns.id > after)
        found = self._read(query.order_by(*_OLDEST).limit(_BATCH))
        resources = {
            row.id: Resource(row.kind, row.resource_id, "") for row in found
        }
        return resources, _next(found)

    def forget_withdrawn(self, keys: ty.Collection[int]) -> None:
        """Forget withdrawals, and all those older than a token's life.

        :param keys: withdrawals of which no trace can appear any more
        """
        old = self._now - self._settings.token_ttl
        for key in keys:
            self._forget(WITHDRAWALS.c.id == key)
        query = sa.select(WITHDRAWALS.c.id).where(
            WITHDRAWALS.c.undone, WITHDRAWALS.c.created_at < old
        )
        query = query.order_by(*_OLDEST)
        aged = [row.id for row in self._read(query.limit(_BATCH))]
        if aged:
            self._forget(WITHDRAWALS.c.id.in_(aged))

    def _forget(self, where: sa.ColumnElement[bool]) -> None:
        gone = sa.delete(WITHDRAWALS).where(where)
        self._run.statement(
            lambda connection: connection.execute(gone).rowcount
        )

    def _fence(self, connection: sa.Connection, claim: Claim) -> bool:
        fence = sa.update(TOKENS).where(rows.held(claim))
        fence = fence.values(rows.FENCE | {"lease_until": self._lease_end})
        return connection.execute(fence).rowcount == 1

    def _committed(
        self, connection: sa.Connection, claim: Claim
    ) -> Fate | None:
        """Return what an earlier try committed while the connection broke."""
        columns = TOKENS.c
        query = sa.select(columns.bound, columns.state)
        row = connection.execute(query.where(columns.id == claim.id)).one()
        if row.state != State.RUNNING.value:
            return Fate.DELETED
        # Something was bound when the token was taken over. The request's id
        # tells nothing: a client may choose it, and for two requests the same.
        return None if row.bound else Fate.WITHDRAWN

    def _note(
        self,
        connection: sa.Connection,
        claim: Claim,
        bound: dict[int, Resource],
        withdrawn: Withdrawn,
    ) -> None:
        steps.unbind(connection, bound)
        for resource, todo in withdrawn.todos:
            connection.execute(
                sa.insert(WITHDRAWALS).values(
                    token_id=claim.id,
                    kind=resource.kind,
                    resource_id=resource.id,
                    todo=todo,
                    undone=False,
                    created_at=self._now,
                )
            )
        change = (
            sa.update(TOKENS)
            .where(rows.held(claim))
            .values(
                bound=TOKENS.c.bound - len(bound),
                undo=TOKENS.c.undo + len(withdrawn.todos),
            )
        )
        connection.execute(change)

    def _renewed(self, use: Use) -> rows.Row:
        """Return what makes the row that of the request that runs now."""
        return rows.asked(use) | {
            "host": self._settings.host,
            "created_at": self._now,
            "expires_at": self._end(use),
            "gone_at": None,
        }

    def _ended(self) -> rows.Row:
        """Return what settles the row without an answer."""
        return {
            "state": State.SUCCEEDED.value,
            "expires_at": self._now + self._settings.token_ttl,
            "lasting": False,
        }


def _key(row: sa.Row[ty.Any]) -> int:
    key: int = row.id
    return key


def _next(found: ty.Sequence[sa.Row[ty.Any]]) -> int | None:
    """Return after which key the next stretch begins, if there is one."""
    return _key(found[-1]) if len(found) == _BATCH else None


def _pending(token_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        WITHDRAWALS.c.token_id == token_id, sa.not_(WITHDRAWALS.c.undone)
    )
