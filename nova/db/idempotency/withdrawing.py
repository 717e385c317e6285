# SPDX-License-Identifier: Apache-2.0
"""The steps of a withdrawal: protocol section 5."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from nova.db.idempotency import rows
from nova.db.idempotency.steps import Steps
from nova.db.idempotency.tables import RESOURCES
from nova.db.idempotency.tables import TOKENS
from nova.db.idempotency.tables import WITHDRAWALS
from nova.openstack.common.idempotency.claim import Claim
from nova.openstack.common.idempotency.points import Point
from nova.openstack.common.idempotency.points import reached
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.store import Use
from nova.openstack.common.idempotency.work import Fate
from nova.openstack.common.idempotency.work import Withdrawn

TakeBack = ty.Callable[[ty.Any, ty.Sequence[Resource]], Withdrawn]

# Withdrawn resources that one look for late traces of them takes in.
_BATCH = 100


class _Kept(Exception):
    """Nothing is withdrawn: what was changed is rolled back."""


class Withdrawing(Steps):
    """Lets a service take back what it has not gone on with."""

    def withdraw(
        self, claim: Claim, use: Use, take_back: TakeBack
    ) -> Fate | None:
        """Let a service take back what is bound, in one transaction.

        :param claim: the claim of a request that recovers the token
        :param use: that request's use of the token
        :param take_back: changes the service's own tables by the connection
        :returns: None if the claim does not hold any more
        """

        def withdraw(connection: sa.Connection) -> Fate | None:
            if not self._fence(connection, claim):
                return None
            if self._request(connection, claim) == use.request_id:
                # Committed already, while its connection broke.
                return Fate.WITHDRAWN
            bound = _bound(connection, claim.id)
            withdrawn = take_back(connection, tuple(bound.values()))
            reached(Point.WITHDRAWING)
            if withdrawn.fate is Fate.TAKEN:
                raise _Kept
            self._note(connection, claim, bound, withdrawn)
            if withdrawn.fate is Fate.WITHDRAWN:
                self._renew(connection, claim, use)
            return withdrawn.fate

        try:
            return self._run.transaction(withdraw)
        except _Kept:
            return Fate.TAKEN

    def todos(self, token_id: int) -> tuple[str, ...]:
        """Return what is to be undone for withdrawn resources.

        :param token_id: the key of the token's row
        """
        query = sa.select(WITHDRAWALS.c.todo).where(_pending(token_id))
        found = self._read(query.order_by(WITHDRAWALS.c.id))
        return tuple(row.todo for row in found)

    def undone(self, claim: Claim) -> bool:
        """Note that all is undone that was withdrawn.

        :param claim: the claim of the request that undid it
        :returns: whether the claim still held
        """

        def note(connection: sa.Connection) -> bool:
            change = sa.update(TOKENS).where(rows.held(claim)).values(undo=0)
            if connection.execute(change).rowcount != 1:
                return False
            query = sa.select(WITHDRAWALS.c.id).where(_pending(claim.id))
            keys = connection.scalars(query).all()
            done = sa.update(WITHDRAWALS).where(WITHDRAWALS.c.id.in_(keys))
            connection.execute(done.values(undone=True))
            return True

        return self._run.transaction(note)

    def withdrawn(self) -> dict[int, Resource]:
        """Return withdrawn resources, of which late traces may appear.

        :returns: the resources, by the keys of their withdrawals
        """
        columns = WITHDRAWALS.c
        query = sa.select(columns.id, columns.kind, columns.resource_id)
        query = query.where(columns.undone).order_by(columns.id)
        found = self._read(query.limit(_BATCH))
        return {
            row.id: Resource(row.kind, row.resource_id, "") for row in found
        }

    def forget_withdrawn(self, keys: ty.Collection[int]) -> None:
        """Forget withdrawals, and all that are older than a token's life.

        :param keys: those of which no trace can appear any more
        """
        old = self._now - self._settings.token_ttl
        for key in keys:
            gone = sa.delete(WITHDRAWALS).where(WITHDRAWALS.c.id == key)
            self._run.statement(lambda c: c.execute(gone).rowcount)  # noqa: B023 - it runs at once
        query = sa.select(WITHDRAWALS.c.id).where(
            WITHDRAWALS.c.undone, WITHDRAWALS.c.created_at < old
        )
        aged = [row.id for row in self._read(query.limit(_BATCH))]
        if aged:
            gone = sa.delete(WITHDRAWALS).where(WITHDRAWALS.c.id.in_(aged))
            self._run.statement(lambda c: c.execute(gone).rowcount)

    def _fence(self, connection: sa.Connection, claim: Claim) -> bool:
        fence = sa.update(TOKENS).where(rows.held(claim))
        fence = fence.values(lease_until=self._lease_end)
        return connection.execute(fence).rowcount == 1

    def _request(self, connection: sa.Connection, claim: Claim) -> str:
        query = sa.select(TOKENS.c.request_id).where(TOKENS.c.id == claim.id)
        request_id: str = connection.scalars(query).one()
        return request_id

    def _note(
        self,
        connection: sa.Connection,
        claim: Claim,
        bound: dict[int, Resource],
        withdrawn: Withdrawn,
    ) -> None:
        gone = {resource for resource, _ in withdrawn.todos}
        keys = [key for key, resource in bound.items() if resource in gone]
        if keys:
            unbind = sa.delete(RESOURCES).where(RESOURCES.c.id.in_(keys))
            connection.execute(unbind)
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
                bound=TOKENS.c.bound - len(keys),
                undo=TOKENS.c.undo + len(withdrawn.todos),
            )
        )
        connection.execute(change)

    def _renew(
        self, connection: sa.Connection, claim: Claim, use: Use
    ) -> None:
        """Make the row that of the request which now runs."""
        fresh = rows.asked(use) | {
            "host": self._settings.host,
            "created_at": self._now,
            "expires_at": self._end_unsettled,
        }
        change = sa.update(TOKENS).where(rows.held(claim)).values(fresh)
        connection.execute(change)


def _bound(connection: sa.Connection, token_id: int) -> dict[int, Resource]:
    columns = RESOURCES.c
    query = sa.select(
        columns.id, columns.kind, columns.resource_id, columns.row_key
    )
    query = query.where(columns.token_id == token_id).order_by(columns.id)
    return {key: Resource(*rest) for key, *rest in connection.execute(query)}


def _pending(token_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        WITHDRAWALS.c.token_id == token_id, sa.not_(WITHDRAWALS.c.undone)
    )
