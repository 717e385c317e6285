# SPDX-License-Identifier: Apache-2.0
"""The operations of the simulated service, as the engine runs them."""

from __future__ import annotations

import json
import typing as ty

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from simulation.cloud import Cloud
from simulation.cloud import Trace
from simulation.database import Broken
from simulation.database import LockTimeout
from simulation.history import What
from simulation.line import Deadlock
from simulation.line import Line
from simulation.line import Session
from simulation.plans import Plan


class Failed(Exception):
    """The service fails, or refuses.

    :param status: with which status
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Work:
    """A call of one operation; what all of them have in common.

    :param cloud: the service's tables
    :param line: this process's line to the database
    :param plan: what is wanted
    :param request: the id of the request
    """

    def __init__(
        self, cloud: Cloud, line: Line, plan: Plan, request: str
    ) -> None:
        self.cloud = cloud
        self.line = line
        self.plan = plan
        self.request = request
        #: Is told when the operation begins, and when it has ended.
        self.runs: ty.Callable[[bool], object] = bool  # nobody

    @property
    def link(self) -> str | None:
        """The kind of resource that it binds to the token, if it does."""
        return None

    @property
    def lasting(self) -> bool:
        """Whether its token lives as long as what it makes."""
        return False

    @property
    def followed(self) -> bool:
        """Whether it commits more after what it binds (section 3)."""
        return False

    def run(self) -> Answer:
        """Run the operation; refusals and failures are answers, too."""
        self.note(What.RUNS, self.link is not None)
        self.runs(True)
        try:
            return self._ran()
        finally:
            self.runs(False)

    def _ran(self) -> Answer:
        try:
            answer = says(202, self.perform())
        except Failed as failed:
            answer = says(failed.status)
        except Deadlock:
            # As openstack_idempotency.sql.handlers notes it.
            claim = claims.current()
            if claim is not None:
                claim.deadlocked = True
            answer = says(500)
        except (Broken, LockTimeout, errors.TakenOver):
            answer = says(500)
        self.note(What.RAN, answer.status)
        return answer

    def perform(self) -> ty.Sequence[str]:
        """Do what is asked for; return the ids of what was made."""
        raise NotImplementedError

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        """Return the first answer again, None if that cannot be."""
        self._read()
        if not self.found(resources[0].id):
            return None
        return says(202, [resource.id for resource in resources])

    def found(self, id: str) -> bool:
        """Tell whether the service still knows a resource.

        :param id: its id
        """
        return False

    def survives(
        self, transaction: Session, resources: ty.Sequence[Resource]
    ) -> bool:
        """Tell whether any of the resources is still there."""
        return False

    def started(self, request_id: str) -> Started:
        """Return what the service recorded of a request."""
        self._read()
        trace = self.cloud.traces.get(request_id)
        if trace is None:
            return Started(Evidence.NONE)
        return Started(trace.evidence, says(202, [request_id]))

    def withdraw(
        self, transaction: Session, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        """Take nothing back: nobody goes on with what is not a server."""
        return Withdrawn(Fate.TAKEN)

    def undo(self, todo: str) -> None:
        """Undo what a withdrawn resource had outside of the database."""

    def note(self, what: What, *says: ty.Any) -> None:
        """Write down what this request does.

        :param what: what
        :param says: the details
        """
        self.cloud.history.note(what, self.plan.number, self.request, *says)

    def takes_time(self) -> None:
        """Let the time pass that operations take, minutes now and then."""
        cloud = self.cloud
        cloud.pause()
        if cloud.chance.random() < cloud.troubles.slow:
            cloud.pause(220.0)

    def refuses(self) -> None:
        """Refuse or fail before anything is made, now and then.

        :raises Failed: it does
        :raises SystemExit: what it calls wants the process to end
        """
        if self.cloud.goes_wrong():
            raise Failed(400)
        if self.cloud.goes_wrong(0.3):
            raise Failed(500)
        if self.cloud.goes_wrong(0.1):
            raise SystemExit

    def _read(self) -> None:
        """Read from the service's tables.

        :raises errors.Unavailable: the database does not answer
        """
        try:
            self.line.service(lambda session: None)
        except (Broken, Deadlock, LockTimeout):
            raise errors.Unavailable from None


class Action(Work):
    """An operation that is not linked: its effect is elsewhere."""

    def perform(self) -> ty.Sequence[str]:
        """Note the start if that is recorded, and take effect."""
        cloud = self.cloud
        self.refuses()
        if self.plan.traced:
            self._trace(Evidence.UNDER_WAY)
        self.takes_time()
        if cloud.goes_wrong(0.5):
            if self.plan.traced:
                self._trace(Evidence.FAILED)
            raise Failed(500)
        self.note(What.MADE, self.request)
        cloud.pause()
        if cloud.goes_wrong(0.3):
            raise Failed(500)
        return [self.request]

    def _trace(self, evidence: Evidence) -> None:
        self.cloud.pause(0.01)
        self.cloud.traces[self.request] = Trace(evidence)
        self.note(What.NOTED, evidence.name)


def says(status: int, names: ty.Sequence[str] = ()) -> Answer:
    """Return an answer that names what was made.

    :param status: its status
    :param names: the ids
    """
    return Answer(status, (), json.dumps(names).encode())
