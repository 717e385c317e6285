# SPDX-License-Identifier: Apache-2.0
"""An engine on fakes, and what a test says to it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import typing as ty

import fixtures
import testtools

from nova.openstack.common.idempotency import faults
from nova.openstack.common.idempotency import record as records
from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.answer import Reply
from nova.openstack.common.idempotency.digest import Digests
from nova.openstack.common.idempotency.engine import Engine
from nova.openstack.common.idempotency.faults import Point
from nova.openstack.common.idempotency.faults import reached
from nova.openstack.common.idempotency.limits import Limits
from nova.openstack.common.idempotency.record import Claim
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.sameness import Scope
from nova.openstack.common.idempotency.store import Outcome
from nova.openstack.common.idempotency.store import Use
from nova.openstack.common.idempotency.work import Request
from tests.unit.common import fakes

LEASE = 60
TTL = 3600
SCOPE = Scope("project", "user", "POST /servers")
ACCEPTED = Answer(202, (("Location", "/servers/1"),), b'{"id":"1"}')
REFUSED = Answer(400, (), b'{"badRequest":{}}')
FAILED = Answer(500, (), b'{"computeFault":{}}')


class Died(BaseException):
    """A worker was killed: nothing of ours may handle that."""


class NoHeartbeat:
    """Leases last as long as the clock says."""

    @contextlib.contextmanager
    def keep(self, claim: ty.Any) -> ty.Iterator[None]:
        yield


class EngineTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = fakes.Clock()
        self.store = fakes.Store(
            self.clock, lease=LEASE * 1000, token_ttl=TTL * 1000
        )
        self.sealer = fakes.Sealer()
        self.engine = Engine(
            store=self.store,
            digests=Digests([b"1" * 32]),
            sealer=self.sealer,
            heartbeat=ty.cast(ty.Any, NoHeartbeat()),
            limits=Limits(
                token_ttl=TTL, wait_timeout=5, max_response_size=1000
            ),
            clock=self.clock,
        )
        self.log = self.useFixture(fixtures.FakeLogger())
        self.addCleanup(faults.arm, None)
        self.made: list[Resource] = []
        self._numbers = itertools.count(1)

    def limit(self, **limits: ty.Any) -> None:
        changed = dataclasses.replace(self.engine.limits, **limits)
        self.engine = dataclasses.replace(self.engine, limits=changed)

    def send(
        self,
        work: fakes.Work,
        *,
        token: str = "token",
        body: bytes = b"{}",
        scope: Scope = SCOPE,
    ) -> Reply:
        """Send one request; the n-th has the id req-n."""
        request = Request(token, scope, body, f"req-{next(self._numbers)}")
        return self.engine.answer(request, work)

    def create(self, answer: Answer = ACCEPTED, count: int = 1) -> Answer:
        """Create resources in the way of a linked operation."""
        for _ in range(count):
            number = len(self.made) + 1
            made = Resource("server", f"server-{number}", number)
            reached(Point.BEFORE_LINK)
            reached(Point.BEFORE_COMMIT)
            self.store.bind(made)
            self.made.append(made)
            reached(Point.AFTER_COMMIT)
        return answer

    def linked(self, answer: Answer = ACCEPTED, count: int = 1) -> fakes.Work:
        work = fakes.Work(lambda: self.create(answer, count), "server")
        work.rebuilt = Answer(202, (("Location", "/servers/1"),), b"{}")
        return work

    def dies(self, work: fakes.Work) -> None:
        """Send a request whose worker dies, and let its lease run out."""
        self.assertRaises(Died, self.send, work)
        self.clock.forward(LEASE)

    def elsewhere(self, link: str | None = None) -> Elsewhere:
        """Let another worker run the same request."""
        digests = self.engine.digests
        use = Use(
            SCOPE,
            digests.caller(SCOPE, "token"),
            digests.request("token", b"{}"),
            "req-elsewhere",
            "elsewhere",
        )
        key = self.store.claim(use)
        assert key is not None
        claim = Claim(
            key, use.digests[0], use.owner, self.clock.milliseconds, 0.0, link
        )
        return Elsewhere(self, claim)

    def row(self) -> Record:
        (record,) = self.store.records
        return record


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A request that another worker runs."""

    test: EngineTestCase
    claim: Claim

    def finish(self) -> None:
        data = self.test.sealer.seal(
            "token", self.claim.digest, ACCEPTED.dump()
        )
        ends = self.test.clock.milliseconds + TTL * 1000
        outcome = Outcome(State.SUCCEEDED, 202, data, ends)
        self.test.store.complete(self.claim, outcome)

    def release(self) -> None:
        self.test.store.release(self.claim, made_nothing=False)

    def create(self) -> Resource:
        with records.running(self.claim):
            self.test.create()
        return self.test.made[-1]


def answers(*answers: Answer) -> fakes.Work:
    """Return work that is not linked, and gives these answers in turn."""
    turn = iter(answers)
    return fakes.Work(lambda: next(turn))


def dying(before: ty.Callable[[], ty.Any] = lambda: None) -> ty.Callable[
    [], Answer
]:
    """Return what a worker does that dies after it has done something."""

    def run() -> Answer:
        before()
        raise Died

    return run
