# SPDX-License-Identifier: Apache-2.0
"""A request on its way through a process."""

from __future__ import annotations

import dataclasses
import json

from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.request import Request
from simulation import tuning
from simulation.line import Line
from simulation.plans import Plan
from simulation.scheduler import Task

# Two renewals fail before the lease runs out, and each takes its time.
_EXCUSED = 2 * tuning.LEASE
# What is to be given back is given back within this, if nothing is wrong.
_PROMPT = 15.0


class State:
    """What is known of a process, from outside.

    :param line: its line to the database
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self.dead = False
        #: Until when it was in trouble, in simulated seconds.
        self.troubled_until = -1e9
        #: Until when one of its threads was held up, likewise.
        self.slowed_until = -1e9
        #: Until when no thread can be started in it.
        self.exhausted_until = -1e9
        #: When it last began to serve a request, in simulated seconds.
        self.last_entered = -1e9
        #: Whether its heartbeat has no thread, until the next request.
        self.beatless = False

    @property
    def seconds(self) -> float:
        """Simulated time, in seconds."""
        return self._line.database.scheduler.seconds

    def calm_for(self) -> float:
        """Return for how many seconds all has been well with it."""
        trouble = max(
            self.troubled_until,
            self._line.cut_until,
            self._line.failed_at,
            self._line.database.down_until,
        )
        return self.seconds - trouble

    def in_trouble(self, until: float) -> None:
        """Remember why a lease may run out.

        :param until: when the trouble ends, in simulated seconds
        """
        self.troubled_until = max(self.troubled_until, until)


@dataclasses.dataclass(frozen=True)
class Said:
    """What a client is told.

    :param verdict: the state in the answer
    :param status: its status
    :param names: the ids in it
    :param subject: the request that it speaks of, "" for itself
    :param ends: when its token ends, in milliseconds; None if it does not say
    """

    verdict: Verdict
    status: int
    names: tuple[str, ...] = ()
    subject: str = ""
    ends: int | None = None


@dataclasses.dataclass(eq=False)
class Call:
    """A request on its way through a process.

    :param request: the request
    :param plan: what is wanted
    :param process: where it is
    :param client: who waits for its answer, None once nobody does
    :param said: its answer, if it got one
    :param entered: when a thread began with it, in simulated seconds
    :param over: whether it has left the process
    :param runs: whether its operation is running
    :param ran: whether its operation has ever begun
    """

    request: Request
    plan: Plan
    process: State
    client: Task | None
    said: Said | None = None
    entered: float = 0.0
    over: bool = False
    runs: bool = False
    ran: bool = False


Calls = dict[str, Call]


def why_lapsed(call: Call) -> str:
    """Return why a request may have lost its token, "" if it must not.

    :param call: the request whose lease has run out
    """
    if call.over or call.process.dead:
        return "gone"
    if not call.runs:
        return "between"
    if call.process.beatless:
        return "no-thread"
    return "trouble" if call.process.calm_for() < _EXCUSED else ""


def how_long(call: Call) -> int:
    """Return for how many seconds a request has been kept without reason.

    :param call: the request; 0 if it ran, or its process was in trouble
    """
    state = call.process
    now = state.seconds
    took = now - call.entered
    slowed = now - state.slowed_until < took
    if call.ran or slowed or state.calm_for() < took:
        return 0
    return int(took)


def why_unknown(call: Call) -> str:
    """Return why nobody may know what came of a request, "" if one must.

    :param call: the request of which nobody seems to know
    """
    if call.ran:
        return "ran"
    if call.process.dead or not call.over or call.said is None:
        return "gone"
    if call.said.verdict not in (Verdict.UNAVAILABLE, Verdict.RUNNING):
        return "gone"
    # The next request after it could start no thread tries again.
    state = call.process
    exhausted = state.exhausted_until - state.last_entered > -_PROMPT
    troubled = exhausted or state.calm_for() < _PROMPT
    return "trouble" if troubled else ""


def names_in(body: bytes) -> tuple[str, ...]:
    """Return the ids in an answer's body.

    :param body: the body
    """
    return tuple(json.loads(body)) if body.startswith(b"[") else ()
