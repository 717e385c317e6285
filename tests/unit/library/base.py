# SPDX-License-Identifier: Apache-2.0
"""An engine on fakes, and what a test says to it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import typing as ty

import fixtures
import testtools

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine import points
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import record as records
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Use
from tests.unit.library.bodies import form

LEASE = 60
TTL = 3600
SCOPE = Scope("project", "user", "POST /servers")
ROLES = frozenset({"member", "reader"})
ACCEPTED = Answer(202, (("Location", "/servers/1"),), b'{"id":"1"}')
REBUILT = Answer(202, (("Location", "/servers/1"),), b"{}", rebuilt=True)
REFUSED = Answer(400, (), b'{"badRequest":{}}')
FORBIDDEN = Answer(403, (), b'{"forbidden":{}}')
FAILED = Answer(500, (), b'{"computeFault":{}}')


class Died(BaseException):
    """A worker was killed: nothing of ours may handle that."""


class NoHeartbeat:
    """Leases last as long as the clock says."""

    @contextlib.contextmanager
    def keep(self, claim: ty.Any) -> ty.Iterator[None]:
        yield


class Returned:
    """What is to be given back; a test says when."""

    def __init__(self, store: fakes.Store) -> None:
        self._store = store
        self.uses: list[Use] = []

    def add(self, use: Use) -> None:
        self.uses.append(use)

    def resume(self) -> None:
        pass

    def give_back(self) -> None:
        while self.uses:
            self._store.give_back(self.uses.pop())


class EngineTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = fakes.Clock()
        self.store = fakes.Store(
            self.clock, lease=LEASE * 1000, token_ttl=TTL * 1000
        )
        self.sealer = fakes.Sealer()
        self.returned = Returned(self.store)
        self.engine = Engine(
            Parts(
                store=self.store,
                digests=Digests([b"1" * 32]),
                sealer=self.sealer,
                heartbeat=ty.cast(ty.Any, NoHeartbeat()),
                returns=ty.cast(ty.Any, self.returned),
                limits=Limits(
                    token_ttl=TTL, wait_timeout=5, max_response_size=1000
                ),
                clock=self.clock,
            )
        )
        self.log = self.useFixture(fixtures.FakeLogger())
        self.addCleanup(points.arm, None)
        self.made: list[Resource] = []
        self._numbers = itertools.count(1)

    def change(self, **parts: ty.Any) -> None:
        """Go on with an engine of other parts."""
        self.engine = Engine(dataclasses.replace(self.engine.parts, **parts))

    def limit(self, **limits: ty.Any) -> None:
        changed = dataclasses.replace(self.engine.parts.limits, **limits)
        self.change(limits=changed)

    def send(
        self,
        work: fakes.Work,
        *,
        token: str = "token",
        body: bytes = b"{}",
        scope: Scope = SCOPE,
        roles: ty.Iterable[str] = ROLES,
        may_wait: bool = True,
        chosen: str | None = None,
    ) -> Reply:
        """Send one request; the n-th has the id req-n, or a chosen one."""
        digests = self.engine.parts.digests
        request = Request(
            token,
            scope,
            digests.of_request(token, form(body)),
            chosen or f"req-{next(self._numbers)}",
            version="2.1",
            roles=frozenset(roles),
            may_wait=may_wait,
        )
        return self.engine.answer(request, work)

    def refused(
        self,
        kind: type[errors.Refusal],
        work: fakes.Work,
        request_id: str | None = None,
        **how: ty.Any,
    ) -> errors.Refusal:
        """Send a request that the protocol answers with an error.

        :param request_id: of the earlier request that the error speaks of
        """
        refusal: errors.Refusal = self.assertRaises(
            kind, self.send, work, **how
        )
        self.assertEqual(request_id, refusal.request_id)
        return refusal

    def assert_told(
        self,
        reply: Reply,
        verdict: Verdict,
        answer: Answer,
        request_id: str | None = None,
    ) -> None:
        """Assert what an answer tells, and of which earlier request."""
        self.assertEqual(
            (verdict, answer, request_id, request_id is not None),
            (reply.verdict, reply.answer, reply.request_id, reply.replayed),
        )

    def create(self, answer: Answer = ACCEPTED, count: int = 1) -> Answer:
        """Create resources in the way of a linked operation."""
        for _ in range(count):
            number = len(self.made) + 1
            made = Resource("server", f"server-{number}", str(number))
            reached(Point.BEFORE_LINK)
            reached(Point.BEFORE_COMMIT)
            self.store.bind(made)
            self.made.append(made)
            reached(Point.AFTER_COMMIT)
        return answer

    def linked(self, answer: Answer = ACCEPTED, count: int = 1) -> fakes.Work:
        work = fakes.Work(lambda: self.create(answer, count), "server")
        work.rebuilt = dataclasses.replace(REBUILT, rebuilt=False)
        return work

    def die(self) -> ty.NoReturn:
        """Let the worker that runs now do nothing any more."""
        self.store.dead = Died()
        raise self.store.dead

    def dying(
        self, before: ty.Callable[[], object] = lambda: None
    ) -> fakes.Work:
        """Return linked work during which its worker dies.

        :param before: what it has done by then
        """
        return fakes.Work(self.deadly(before), "server")

    def deadly(
        self, before: ty.Callable[[], object] = lambda: None
    ) -> ty.Callable[[], Answer]:
        """Return what a worker does that dies after it has done something."""

        def run() -> Answer:
            before()
            self.die()

        return run

    def die_at(self, *deadly: Point) -> None:
        """Let the first worker die that comes to a point; then the next."""
        left = list(deadly)

        def hook(point: Point) -> None:
            if left and point is left[0]:
                left.pop(0)
                self.die()

        points.arm(hook)

    def dies(self, work: fakes.Work, **how: ty.Any) -> None:
        """Send a request whose worker dies, and let its lease run out."""
        self.assertRaises(Died, self.send, work, **how)
        self.store.dead = None
        self.clock.forward(LEASE)

    def elsewhere(self, link: str | None = None) -> Elsewhere:
        """Let another worker run the same request."""
        digests = self.engine.parts.digests
        use = Use(
            scope=SCOPE,
            digests=digests.of_token(SCOPE, "token"),
            fingerprints=digests.of_request("token", form(b"{}")),
            request_id="req-elsewhere",
            owner="elsewhere",
            roles=ROLES,
            linked=link is not None,
        )
        key = self.store.claim(use)
        assert key is not None
        claim = Claim(
            key, use.digests[0], use.owner, self.clock.milliseconds, 0.0, link
        )
        return Elsewhere(self, use, claim)

    def row(self) -> Record:
        (record,) = self.store.records
        return record


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A request that another worker runs."""

    test: EngineTestCase
    use: Use
    claim: Claim

    def finish(self) -> None:
        target = digest.target(SCOPE)
        place = records.place(self.claim.digest, target, State.SUCCEEDED, 202)
        data = self.test.sealer.seal("token", place, ACCEPTED.dump())
        ends = self.test.clock.milliseconds + TTL * 1000
        outcome = Outcome(State.SUCCEEDED, 202, data, ends)
        self.test.store.complete(self.claim, outcome)

    def free(self) -> None:
        self.test.store.free(self.claim, self.use)

    def create(self) -> Resource:
        with claims.running(self.claim):
            self.test.create()
        return self.test.made[-1]


def answers(*answers: Answer) -> fakes.Work:
    """Return work that is not linked, and gives these answers in turn."""
    turn = iter(answers)
    return fakes.Work(lambda: next(turn))
