# SPDX-License-Identifier: Apache-2.0
"""The steps of the table of counters."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from openstack_idempotency.engine.counters import Tally
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import connections
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import COUNTERS
from openstack_idempotency.sql.tables import OPERATION_CHARS


@dataclasses.dataclass(frozen=True)
class Count:
    """How often something came on a host.

    :param host: the host's name
    :param operation: the operation's name; empty for what has none
    :param state: an X-Client-Token-State, or one of counters.Event
    :param count: how often, since the table was made
    """

    host: str
    operation: str
    state: str
    count: int


class Counted(Steps):
    """Adds up what the processes of all hosts have counted."""

    def add(self, tally: Tally) -> Tally:
        """Add numbers to those of this host.

        One statement for each: it locks one row, found by its primary key,
        and no gap. If a connection breaks in it, the number may be added
        twice.

        :param tally: the numbers
        :returns: what could not be added
        """
        left = dict(tally)
        # In one order in all processes, so that they queue up.
        for key in sorted(tally):
            try:
                self._add(*key, tally[key])
            except errors.Unavailable:
                return left  # why is logged
            del left[key]
        return left

    def outcomes(self) -> list[Count]:
        """Return all numbers, by host, operation and state."""
        columns = COUNTERS.c
        query = sa.select(
            columns.host,
            columns.operation,
            columns.state,
            columns["count"],
        )
        found = [Count(*row) for row in self._read(query)]
        # As the primary key has them; collations differ.
        return sorted(found, key=dataclasses.astuple)

    def _add(self, operation: str, state: str, number: int) -> None:
        row = {
            "host": self._settings.host,
            "operation": operation[:OPERATION_CHARS],
            "state": state,
            "count": number,
        }
        self._run.statement(
            lambda connection: connection.execute(_upsert(connection, row))
        )


def _upsert(
    connection: sa.Connection, row: dict[str, ty.Any]
) -> sa.Executable:
    backend = connections.backend(connection)
    total = COUNTERS.c["count"] + row["count"]
    if backend == "mysql":
        # A duplicate of the primary key is locked alone; one of another
        # unique index would be locked with the gap before it.
        there = mysql.insert(COUNTERS).values(row)
        return there.on_duplicate_key_update(count=total)
    keys = list(COUNTERS.primary_key)
    change = {"count": total}
    if backend == "postgresql":
        added = postgresql.insert(COUNTERS).values(row)
        return added.on_conflict_do_update(index_elements=keys, set_=change)
    new = sqlite.insert(COUNTERS).values(row)
    return new.on_conflict_do_update(index_elements=keys, set_=change)
