# SPDX-License-Identifier: Apache-2.0
"""The table of tokens in Nova's API database.

Every method is one short transaction of core statements, apart from any
transaction of the request that it serves.
"""

from __future__ import annotations

import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.idempotency import clock
from nova.db.idempotency import rows
from nova.db.idempotency import transaction
from nova.db.idempotency.rows import RESOURCES
from nova.db.idempotency.rows import TOKENS
from nova.openstack.common.idempotency import digest
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.faults import reached
from nova.openstack.common.idempotency.record import Claim
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.store import Outcome
from nova.openstack.common.idempotency.store import Use

_ABANDONED = 0  # a lease's end that is always in the past


class Store:
    """Tokens in the API database; what the engine's store port asks for.

    All methods raise :class:`errors.Unavailable` when the table cannot be
    reached. Any of them may be repeated after a broken connection: a row's
    owner tells whether the first try had been committed.

    :param database: enginefacade's context manager of the API database
    :param lease: milliseconds that a running request holds its token
    :param token_ttl: milliseconds that a token lives
    :param now: the clock that all times come from, as an SQL expression
    """

    def __init__(
        self,
        database: ty.Any,
        *,
        lease: int,
        token_ttl: int,
        now: sa.ColumnElement[int] | None = None,
    ) -> None:
        self._database = database
        self._lease = lease
        # Without an outcome, a token expires as if its lease were its end.
        self._lives_unsettled = lease + token_ttl
        self._now = clock.now() if now is None else now

    def look(self, use: Use) -> tuple[int, Record | None]:
        """Return the database's time and the token's row, in one statement.

        :param use: the request's use of its token
        """
        mine = sa.and_(
            TOKENS.c.token_digest.in_(use.digests),
            TOKENS.c.target_digest == digest.target(use.scope),
        )
        own = rows.OWN.c.id == sa.func.coalesce(TOKENS.c.alias_of, TOKENS.c.id)
        time = sa.select(self._now.label("now")).subquery()
        query = sa.select(time.c.now, *rows.AS_RECORD).limit(1)
        query = query.select_from(
            time.outerjoin(TOKENS, mine).outerjoin(rows.OWN, own)
        )
        now, *fields = self._read(query)[0]
        return now, rows.record(*fields) if fields[0] is not None else None

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what a token made, in the order of commits.

        :param token_id: the key of the token's row
        """
        columns = RESOURCES.c
        query = sa.select(columns.kind, columns.resource_id, columns.row_id)
        query = query.where(columns.token_id == token_id)
        bound = self._read(query.order_by(columns.id))
        return tuple(Resource(*row) for row in bound)

    def claim(self, use: Use) -> int | None:
        """Insert a token's row; the unique key lets one request do it.

        While several secrets are listed, the token gets a row for each, in
        one transaction: so two API hosts whose lists are in another order,
        as they are while a rotation is rolled out, still exclude each other.

        :param use: the request's use of its token
        :returns: the row's key, None if another request was faster
        """
        own, *others = zip(use.digests, use.fingerprints, strict=True)
        row = self._fresh(use) | rows.named(use.scope)

        def insert(connection: sa.Connection) -> int:
            own_row = row | rows.keyed(*own)
            with transaction.bounded(connection):
                done = connection.execute(sa.insert(TOKENS).values(own_row))
                inserted: ty.Any = done.inserted_primary_key
                key: int = inserted[0]
                rows.insert_aliases(connection, key, row, others)
            reached(Point.CLAIMING)
            return key

        try:
            return transaction.run(self._database, insert)
        except transaction.Locked:
            # By another request that has inserted it, but not committed yet.
            return None
        except db_exc.DBDuplicateEntry:
            # Ours, if a commit went through while its connection broke.
            ours = sa.select(TOKENS.c.id).where(
                TOKENS.c.token_digest == use.digests[0],
                TOKENS.c.target_digest == digest.target(use.scope),
                TOKENS.c.owner == use.owner,
            )
            found = self._read(ours)
            return found[0].id if found else None

    def rerun(self, record: Record, use: Use) -> bool:
        """Take a row over for a new run, as if it had just been claimed.

        :param record: the row as it was read
        :param use: the request's use of its token
        :returns: whether the row was still so, and free
        """
        asked = dict(zip(use.digests, use.fingerprints, strict=True))
        # A row whose own secret is not listed any more is found by aliases.
        own = asked.pop(record.digest, use.fingerprints[0])
        row = self._fresh(use) | {"fingerprint": own}

        def begin_anew(connection: sa.Connection) -> None:
            rows.forget(connection, record.id)
            others = asked.items()
            aliased = row | rows.named(use.scope)
            rows.insert_aliases(connection, record.id, aliased, others)

        try:
            return self._compare_and_swap(record, use, row, begin_anew)
        except db_exc.DBDuplicateEntry:
            # A host without the other secrets used the token meanwhile.
            return False

    def recover(self, record: Record, use: Use) -> bool:
        """Take a row over to finish what its former owner began.

        :param record: the row as it was read
        :param use: the request's use of its token
        :returns: whether the row was still so, and free
        """
        held = {
            "state": State.RUNNING.value,
            "owner": use.owner,
            "lease_until": self._now + self._lease,
        }
        return self._compare_and_swap(record, use, held)

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        """Renew the leases of running requests, of those that still hold.

        :param claims: the claims of the running requests of this process
        """
        held = sa.and_(
            TOKENS.c.id.in_([claim.id for claim in claims]),
            TOKENS.c.owner.in_([claim.owner for claim in claims]),
            # A request may abandon its claim while this renewal is on its way.
            TOKENS.c.lease_until > _ABANDONED,
        )

        def renew(connection: sa.Connection) -> None:
            # One that is locked is being committed: nobody can take it over
            # either, and the next renewal comes in time.
            keys = transaction.unlocked(connection, TOKENS, held)
            update = sa.update(TOKENS).where(held, TOKENS.c.id.in_(keys))
            renewed = {
                "lease_until": self._now + self._lease,
                "expires_at": self._now + self._lives_unsettled,
            }
            connection.execute(update.values(renewed))

        transaction.run(self._database, renew)

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Write down what became of a request.

        :param claim: the request's claim
        :param outcome: what became of it
        :returns: whether the claim still held
        """
        return self._update(
            claim,
            state=outcome.state.value,
            status=outcome.status,
            sealed=outcome.sealed,
            expires_at=outcome.expires_at,
        )

    def abandon(self, claim: Claim) -> None:
        """End a lease at once, so that the next request may settle it.

        :param claim: the claim of a request that ended without an outcome
        """
        self._update(claim, lease_until=_ABANDONED)

    def release(self, claim: Claim, *, made_nothing: bool) -> bool:
        """Free the token.

        :param claim: the claim of a request that was refused or failed
        :param made_nothing: what was bound to it is known to be gone again
        :returns: False where it has made something, or is held by another
        """
        held = rows.held(claim)
        if not made_nothing:
            held &= TOKENS.c.linked == 0

        def free(connection: sa.Connection) -> bool:
            lock = sa.update(TOKENS).where(held).values(linked=0)
            if connection.execute(lock).rowcount != 1:
                return False
            rows.forget(connection, claim.id)
            own = TOKENS.c.id == claim.id
            connection.execute(sa.delete(TOKENS).where(own))
            return True

        return transaction.run(self._database, free)

    def _compare_and_swap(
        self,
        record: Record,
        use: Use,
        values: rows.Row,
        then: ty.Callable[[sa.Connection], None] | None = None,
    ) -> bool:
        columns = TOKENS.c
        as_read = sa.and_(
            columns.owner == record.owner,
            columns.state == record.state.value,
            columns.linked == record.linked,
            columns.lease_until == record.lease_until,
        )
        # Or ours, if a commit went through while its connection broke.
        free = sa.and_(
            columns.id == record.id,
            sa.or_(as_read, columns.owner == use.owner),
        )

        def swap(connection: sa.Connection) -> bool:
            # The transaction that creates the resource locks the row. To
            # wait for it might be for ever: its process may be frozen.
            keys = transaction.unlocked(connection, TOKENS, free)
            update = sa.update(TOKENS).where(free, TOKENS.c.id.in_(keys))
            if connection.execute(update.values(values)).rowcount != 1:
                return False
            if then is not None:
                then(connection)
            return True

        return transaction.run(self._database, swap)

    def _update(self, claim: Claim, **values: ty.Any) -> bool:
        def update(connection: sa.Connection) -> bool:
            change = sa.update(TOKENS).where(rows.held(claim)).values(values)
            return connection.execute(change).rowcount == 1

        return transaction.run(self._database, update)

    def _read(self, query: sa.Select[ty.Any]) -> list[sa.Row[ty.Any]]:
        def read(connection: sa.Connection) -> list[sa.Row[ty.Any]]:
            return list(connection.execute(query))

        return transaction.run(self._database, read)

    def _fresh(self, use: Use) -> rows.Row:
        return {
            "state": State.RUNNING.value,
            "owner": use.owner,
            "linked": 0,
            "request_id": use.request_id,
            "lease_until": self._now + self._lease,
            "created_at": self._now,
            "expires_at": self._now + self._lives_unsettled,
            "status": None,
            "sealed": None,
        }
