# SPDX-License-Identifier: Apache-2.0
"""Ends the life of tokens, as ``openstack_idempotency.sql.purge`` does.

Each step is one statement, which passes over what is locked.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from openstack_idempotency.protocol import decision
from openstack_idempotency.protocol.record import FOREVER
from simulation import tuning
from simulation.cloud import Cloud
from simulation.database import Database
from simulation.database import Row
from simulation.history import History
from simulation.history import What

EVERY: ty.Final = 300.0  # seconds


def walk(cloud: Cloud) -> None:
    """Mark those lasting tokens of which nothing is left, or unmark them.

    :param cloud: the service's tables
    """
    database = cloud.database
    for row in _unlocked(database):
        record = row.record
        if not row.lasting(record) or record.runs(database.now):
            continue
        bound = database.resources.get(record.id, {}).values()
        living = any(cloud.servers[made.id].lives for made in bound)
        if living is row.gone:
            ends = database.now + tuning.TTL * 1000
            row.record = dataclasses.replace(
                record, expires_at=FOREVER if living else ends
            )
            row.gone = not living


def strip(database: Database) -> None:
    """Take the answers from tokens that outlive them.

    :param database: the tables of tokens
    """
    for row in _unlocked(database):
        until = row.record.answer_until
        if until is not None and until <= database.now:
            row.record = dataclasses.replace(
                row.record, sealed=None, answer_until=None
            )


def purge(database: Database, history: History) -> None:
    """Delete the tokens that have ended.

    :param database: the tables of tokens
    :param history: what happened
    """
    now = database.now
    for row in _unlocked(database):
        record = row.record
        # A row of a clock that is ahead counts until it is old by that
        # clock, too.
        ended = now >= record.expires_at + decision.MAX_AHEAD
        if not ended or record.runs(now) or record.undo:
            continue
        place = (record.digest, row.scope.target)
        del database.rows[place]
        del database.by_key[record.id]
        number = int(row.scope.target.rpartition("/")[2])
        aged = record.owner not in history.freed
        history.note(What.PURGED, number, "", aged)


def _unlocked(database: Database) -> list[Row]:
    return [row for row in database.rows.values() if row.holder is None]
