# SPDX-License-Identifier: Apache-2.0
"""What to do with a request, given its token's row: protocol section 3.

A pure function, so that the whole table of the protocol can be tested
without a database; the engine does what it says.
"""

from __future__ import annotations

import enum
import typing as ty

from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import State


class Decision(enum.Enum):
    """One way to answer a request with a token."""

    RUN = "nobody used the token: claim it and run"
    RERUN = "nothing came of its former use: take it over and run"
    WAIT = "the first request is running: wait for it"
    REFUSE = "it belongs to a different request"
    REPLAY = "the answer is stored: give it again"
    REBUILD = "the resource is there, the answer is not: rebuild it"
    RECOVER = "its worker is gone, the resource is there: take over, rebuild"
    RECONCILE = "its worker is gone without a link: ask the service"


def decide(
    record: Record | None,
    fingerprints: ty.Collection[bytes],
    linked: bool,
    now: int,
) -> Decision:
    """Decide how a request with a token is answered.

    :param record: the token's row, None if there is none
    :param fingerprints: what the request asks, one digest for each secret
    :param linked: whether the operation binds what it makes (section 5)
    :param now: the time of the clock that wrote the row, in milliseconds
    """
    if record is None:
        return Decision.RUN
    running = record.state is State.RUNNING and now < record.lease_until
    if now >= record.expires_at and not running:
        return Decision.RERUN
    if record.fingerprint not in fingerprints:
        return Decision.REFUSE
    if running:
        return Decision.WAIT
    if record.state in (State.SUCCEEDED, State.FAILED):
        return Decision.REPLAY if record.sealed else Decision.REBUILD
    # What is unknown stays so if the operation has become linked since.
    if not linked or record.state is State.UNKNOWN:
        return Decision.RECONCILE
    return Decision.RECOVER if record.linked else Decision.RERUN
