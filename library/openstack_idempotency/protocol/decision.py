# SPDX-License-Identifier: Apache-2.0
"""What to do with a request, given its token's row: protocol section 3.

A pure function, so that the protocol's whole table can be tested without a
database; the engine does what it decides.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State

#: Milliseconds by which a client's clock may be ahead of the database's.
MAX_AHEAD = 300_000


class Decision(enum.Enum):
    """One way to answer a request with a token."""

    RUN = "nobody used the token: claim it and run"
    RERUN = "nothing came of its former use: take it over and run"
    WAIT = "the first request is running: wait for it"
    DIFFERENT = "it belongs to a different request"
    FORBIDDEN = "the caller lacks a role of the first request"
    EXPIRED = "it is older than its life, and no longer known"
    FROM_THE_FUTURE = "it was made in the future"
    REPLAY = "the answer is stored: give it again"
    REBUILD = "the resource is there, the answer is not: rebuild it"
    RECOVER = "its worker is gone, the resource is there: take over"
    RECONCILE = "its worker is gone without a link: ask the service"


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a request asks, as far as a decision needs to know.

    :param fingerprints: what it asks, one digest for each secret
    :param roles: the names of the caller's roles, in lower case
    :param born: when the token was made, in milliseconds since the epoch;
        None if it does not tell
    """

    fingerprints: ty.Collection[bytes]
    roles: frozenset[str] = frozenset()
    born: int | None = None


def decide(
    record: Record | None, asked: Asked, now: int, life: int
) -> Decision:
    """Decide how a request with a token is answered.

    :param record: the token's row, None if there is none
    :param asked: what the request asks
    :param now: the time of the clock that wrote the row, in milliseconds
    :param life: milliseconds that a token lives
    """
    if record is None:
        return _of_a_new_one(Decision.RUN, asked, now, life)
    running = record.runs(now)
    if not running and not _lives(record, asked, now, life):
        return _of_a_new_one(Decision.RERUN, asked, now, life)
    if record.fingerprint not in asked.fingerprints:
        return Decision.DIFFERENT
    if _starts_over(record, running):
        return Decision.RERUN
    if not record.roles <= asked.roles:
        return Decision.FORBIDDEN
    if running:
        return Decision.WAIT
    return _of_one_that_ended(record, now)


def _of_a_new_one(
    run: Decision, asked: Asked, now: int, life: int
) -> Decision:
    if asked.born is None:
        return run
    if asked.born > now + MAX_AHEAD:
        return Decision.FROM_THE_FUTURE
    return Decision.EXPIRED if asked.born < now - life else run


def _lives(record: Record, asked: Asked, now: int, life: int) -> bool:
    if now < record.expires_at:
        return True
    # A row lives from the token's first use. By its maker's clock, which may
    # be ahead, the token may be that much younger than its row: until it is
    # old by that clock, too, the row counts, or a late retry would run again.
    freed = record.state is State.RUNNING and not record.lease_until
    return (
        not freed
        and asked.born is not None
        and asked.born >= now - life
        and now < record.expires_at + MAX_AHEAD
    )


def _starts_over(record: Record, running: bool) -> bool:
    # The link in the row counts, not the one in the table of operations now:
    # before an upgrade the operation may have bound nothing.
    return (
        record.state is State.RUNNING
        and not running
        and record.linked
        and not record.bound
    )


def _of_one_that_ended(record: Record, now: int) -> Decision:
    match record.state:
        case State.SUCCEEDED | State.FAILED:
            kept = record.has_answer(now)
            return Decision.REPLAY if kept else Decision.REBUILD
        case State.RUNNING if record.linked:
            return Decision.RECOVER
        case State.RUNNING | State.UNKNOWN:
            # The service may know by now what it did not know before.
            return Decision.RECONCILE
        case _:
            ty.assert_never(record.state)
