# SPDX-License-Identifier: Apache-2.0
"""The parts of the store's steps, and those that only read."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Use
from simulation import tuning
from simulation.database import Database
from simulation.database import Row
from simulation.history import History
from simulation.history import What
from simulation.line import Line
from simulation.line import Session

PAST = 0  # a time that is always in the past


def holds(record: Record, owner: str) -> bool:
    """Tell whether a claim still holds a row: the fence.

    :param record: what the row holds
    :param owner: the name of the claim's hold
    """
    return record.owner == owner


def as_read(record: Record, read: Record) -> bool:
    """Tell whether a row is as it was read.

    :param record: what the row holds
    :param read: what was read
    """
    return (
        record.owner == read.owner
        and record.state is read.state
        and record.bound == read.bound
        and record.undo == read.undo
        and record.lease_until == read.lease_until
    )


class Looking:
    """Finds tokens, and what they made; see ``Reading``.

    :param line: the process's line to the database
    :param history: what happened
    :param lapses: tells why the lease of a request may have run out, ""
        where it must not
    """

    #: The two conditions that all else rests on; mutations change them.
    holds = staticmethod(holds)
    as_read = staticmethod(as_read)

    def __init__(
        self,
        line: Line,
        history: History,
        lapses: ty.Callable[[str], str],
    ) -> None:
        self._line = line
        self._database: Database = line.database
        self._history = history
        self._lapses = lapses

    def look(self, use: Use) -> tuple[int, Record | None]:
        """Return the database's time and the token's row."""
        self._history.enter(use)

        def read(session: Session) -> tuple[int, Record | None]:
            row = self._found(use)
            record = None if row is None else row.record
            return self._database.now, record

        return self._line.statement(read)

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        """Return what the token's runs made, in the order of commits."""
        bound = self._database.resources
        return self._line.statement(
            lambda session: tuple(bound.get(token_id, {}).values())
        )

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the request that a row speaks of, if any."""

        def read(session: Session) -> str | None:
            row = self._database.by_key.get(claim.id)
            return None if row is None else row.record.request_id

        return self._line.statement(read)

    def young(self, scope: Scope) -> int:
        """Return how many tokens the user has that are not yet old."""

        def count(session: Session) -> int:
            since = self._database.now - tuning.TTL * 1000
            return sum(
                row.created_at > since
                for row in self._database.rows.values()
                if row.scope.user_id == scope.user_id
            )

        return self._line.statement(count)

    def _found(self, use: Use) -> Row | None:
        return self._database.rows.get((use.digests[0], use.scope.target))

    def _own_key(self, use: Use) -> int | None:
        def read(session: Session) -> int | None:
            row = self._found(use)
            mine = row is not None and row.record.owner == use.owner
            return row.record.id if row is not None and mine else None

        return self._line.statement(read)

    def _owner(self, claim: Claim) -> str | None:
        def read(session: Session) -> str | None:
            row = self._database.by_key.get(claim.id)
            return None if row is None else row.record.owner

        return self._line.statement(read)

    def _locked(
        self, session: Session, key: int
    ) -> tuple[Row, Record] | tuple[None, None]:
        """Return a row with its lock, and what it holds, if it is there."""
        row = self._database.by_key.get(key)
        if row is None:
            return None, None
        session.lock(row)
        record = session.transaction.read(row)
        return (None, None) if record is None else (row, record)

    def _update(
        self,
        key: int,
        condition: ty.Callable[[Record], bool],
        said: tuple[str, ...],
        **values: ty.Any,
    ) -> bool:
        def update(session: Session) -> bool:
            row, record = self._locked(session, key)
            if row is None or record is None or not condition(record):
                return False
            session.transaction.write(row, **values)
            self._settles(session, *said)
            return True

        return self._line.statement(update)

    def _settles(self, session: Session, owner: str, *says: str) -> None:
        def note() -> None:
            self._history.note_of(owner, What.SETTLED, *says)
            if says[0] in ("free", "give-back"):
                self._history.freed.add(owner)

        session.transaction.stage(note)
