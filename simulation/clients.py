# SPDX-License-Identifier: Apache-2.0
"""Clients that retry by the table of the protocol's section 3."""

from __future__ import annotations

import enum
import itertools
import typing as ty

from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.scope import Scope
from simulation import plans
from simulation.call import Call
from simulation.call import Said
from simulation.cloud import Cloud
from simulation.history import What
from simulation.plans import ClientPlan
from simulation.plans import Plan
from simulation.troubles import Fleet

_LOST = 0.01  # of the answers do not arrive
_BACK_OFF = 30.0  # seconds between two tries, at most


class Next(enum.Enum):
    """What a client does after an answer."""

    END = "it has its answer, or looks for itself"
    AGAIN = "it sends the same again"
    ROLES = "it sends the same again with the first one's roles"


_AFTER = {
    Verdict.INTERRUPTED: Next.AGAIN,
    Verdict.RUNNING: Next.AGAIN,
    Verdict.TAKEN_OVER: Next.AGAIN,
    Verdict.UNAVAILABLE: Next.AGAIN,
    Verdict.TOO_MANY: Next.AGAIN,
    Verdict.FORBIDDEN: Next.ROLES,
}


def then(said: Said | None) -> Next:
    """Tell what a client does after an answer.

    :param said: the answer, None without one
    """
    return Next.AGAIN if said is None else _AFTER.get(said.verdict, Next.END)


class Client:
    """A client of one token.

    :param cloud: the simulation's time, dice and history
    :param fleet: where it sends its requests
    :param plan: what is wanted with the token
    :param own: what this client does
    :param numbers: gives each request its number
    """

    def __init__(
        self,
        cloud: Cloud,
        fleet: Fleet,
        plan: Plan,
        own: ClientPlan,
        numbers: ty.Iterator[int],
    ) -> None:
        self._cloud = cloud
        self._fleet = fleet
        self._plan = plan
        self._own = own
        self._numbers = numbers
        self._roles = own.roles

    def run(self) -> None:
        """Send the request until it has its answer, and perhaps late again."""
        self._note(What.BEGAN)
        ended = self._retry()
        if self._own.late is not None:
            self._cloud.scheduler.sleep(self._own.late)
            ended = self._retry()
        self._note(What.ENDED, ended)

    def _retry(self) -> str:
        said: Said | None = None
        for number in itertools.count():
            if number >= self._own.tries:
                return "gave-up"
            said = self._send(number)
            match then(said):
                case Next.END:
                    break
                case Next.ROLES:
                    self._roles = plans.ROLES
            pause = min(_BACK_OFF, 0.5 * 2.0 ** min(number, 9))
            self._cloud.pause(pause)
        return said.verdict.value if said is not None else ""

    def _send(self, number: int) -> Said | None:
        process = self._fleet.any()
        if process.state.dead:
            return None  # nobody listens there
        scheduler = self._cloud.scheduler
        name = f"req-{self._plan.number}-{next(self._numbers)}"
        request = Request(
            token=self._plan.token,
            scope=Scope("p", "u", f"POST /{self._plan.number}"),
            fingerprints=(b"%032d" % self._own.asks,),
            request_id=name,
            roles=self._roles,
            attempt=number + 1,
            may_wait=number % 3 < 2,
        )
        call = Call(request, self._plan, process.state, scheduler.current)
        self._cloud.history.note(
            What.SENT,
            self._plan.number,
            name,
            self._own.asks,
            self._roles == plans.ROLES,
            process.host.name,
        )
        process.submit(call)
        answered = scheduler.wait(self._own.patience)
        call.client = None
        if not answered or self._cloud.chance.random() < _LOST:
            return None
        return call.said

    def _note(self, what: What, *says: ty.Any) -> None:
        self._cloud.history.note(what, self._plan.number, "", *says)
