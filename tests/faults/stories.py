# SPDX-License-Identifier: Apache-2.0
"""The one story that each fault is told in, whichever service it is of."""

from __future__ import annotations

from concurrent import futures
import contextlib
import signal
import time
import typing as ty
import unittest
import uuid

from chaos import checker
from chaos import client
from chaos import states
from chaos.client import Answer
from chaos.client import Client
from chaos.client import Operation
from chaos.configuration import WAIT_TIMEOUT
from chaos.history import History
from chaos.hosts import Home
from chaos.hosts import Worker
from chaos.mutation import Mutation
from chaos.rules import Rule
from chaos.rules import Violation
from chaos.sabotage import Commit
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from chaos.subject import Grants
from chaos.tokens import Tokens
from openstack_idempotency.engine.points import Point
from tests.faults.bystanders import Bystanders
from tests.faults.bystanders import UNTIL_ALL_HAVE_ASKED
from tests.faults.scenes import LOCKED
from tests.faults.scenes import Scene

_RETRIES = 5


class Stories(unittest.TestCase):
    """One host on one real database; each story has workers of it."""

    backend: ty.ClassVar[str]
    mutation: ty.ClassVar[Mutation | None] = None
    #: Seconds over wait_timeout in which every retry has its answer: a boot,
    #: on a machine that does much else.
    leeway: ty.ClassVar[float] = 15.0
    #: What is asked for where a story does not say it.
    usual: ty.ClassVar[Operation]
    history: ty.ClassVar[History]
    ledger: ty.ClassVar[Tokens]
    grants: ty.ClassVar[Grants]
    host: ty.ClassVar[Home]
    workers: ty.ClassVar[list[Worker]]

    def setUp(self) -> None:
        # Those of the test before, where it left them alive: the first
        # request of a worker takes longer than the others.
        self.first, self.second, self.third = self.alive()

    def enter(self, scene: Scene) -> None:
        """Come to where the next request meets a scene's point.

        :param scene: the scene
        """
        self.start_over(scene.operation)
        if scene.left is not None:
            self.leave(Order(Trouble.KILL, scene.left))

    def start_over(self, operation: Operation | None = None) -> None:
        """Take a fresh token, of a caller who has nothing yet.

        :param operation: what the caller wants
        """
        self.client = self.caller(operation or self.usual)
        self.named: set[str] = set()

    def caller(self, operation: Operation, *, tokened: bool = True) -> Client:
        """Return a caller who has what an operation needs.

        :param operation: the operation
        :param tokened: whether the caller has a token
        """
        new = Client(uuid.uuid4().hex, operation, tokened)
        return self.grants.give(new)

    @classmethod
    def alive(cls) -> list[Worker]:
        """Return three running workers."""
        cls.workers = [
            worker for worker in cls.workers if worker.state == "running"
        ]
        while len(cls.workers) < 3:
            cls.workers.append(cls.host.fork())
        return cls.workers

    def post(
        self,
        worker: Worker,
        order: Order | None = None,
        longest: float | None = None,
    ) -> Answer:
        """Send the request, and note what a successful answer names."""
        longest = longest or 2 * (WAIT_TIMEOUT + self.leeway)
        answer = self.client.post(worker.port, order, longest)
        if answer.made is not None:
            self.named.add(answer.made)
        # Whatever happens to a worker, clients learn what to do.
        self.assertIsNone(answer.fault, answer)
        return answer

    def retry(self) -> Answer:
        """Send the request to the second worker; it must not wait long."""
        started = time.monotonic()
        answer = self.post(self.second)
        took = time.monotonic() - started
        self.assertLess(took, WAIT_TIMEOUT + self.leeway)
        return answer

    def retry_until_it_ends(self) -> None:
        """Retry as a patient client does, but not for ever."""
        for _ in range(_RETRIES):
            answer = self.retry()
            if not self.comes_again(answer):
                self.assert_right(answer)
                return
            self.ledger.expire(self.client.caller)
        self.fail(f"after {_RETRIES} retries there is only {answer}")

    def comes_again(self, answer: Answer) -> bool:
        """Tell whether a client retries after an answer."""
        return not states.final(
            answer.status, answer.state, later=answer.later
        )

    def assert_right(self, answer: Answer) -> None:
        """Assert that an answer is what the operation ends with."""
        refusal = self.client.operation.refusal
        if refusal is None:
            self.assertTrue(answer.succeeded, answer)
        else:
            self.assertEqual(refusal, answer.status, answer)

    def leave(self, order: Order) -> None:
        """Send the request to a worker that dies on it."""
        with self.assertRaises(client.NO_ANSWER):
            self.post(self.first, order)
        self.first.wait_until("dead")
        self.ledger.expire(self.client.caller)
        self.first, self.second, self.third = self.alive()

    def kill(self, point: Point | Commit) -> None:
        """The first worker dies at a point; its client retries."""
        self.leave(Order(Trouble.KILL, point))
        self.retry_until_it_ends()

    def cut(self, point: Point | Commit) -> None:
        """The first worker loses its connections to the database there."""
        answer = self.post(self.first, Order(Trouble.CUT, point))
        self.assert_happened(Order(Trouble.CUT, point))
        if not self.comes_again(answer):
            self.assert_right(answer)
        self.retry_until_it_ends()

    def freeze(self, point: Point | Commit) -> None:
        """The first worker is frozen past its lease, and goes on later.

        Meanwhile nobody else notices anything.
        """
        others = self.bystanders()
        with others.began(), self.frozen(point) as slow:
            self.assertEqual([], others.faults())
            self.ledger.expire(self.client.caller)
            locked = self.ledger.locked(self.client.caller)
            retry = self.retry()
            if point in LOCKED:
                self.assertTrue(locked)
            # Its heartbeat, too, may have been frozen within a transaction.
            if locked:
                self.assertEqual("running", retry.state, retry)
            else:
                self.assert_right(retry)
        late = slow()
        if late.state != "taken-over":
            self.assert_right(late)
        self.retry_until_it_ends()

    def bystanders(self) -> Bystanders:
        """Return those who must notice nothing."""
        raise NotImplementedError

    @contextlib.contextmanager
    def frozen(
        self, point: Point | Commit
    ) -> ty.Iterator[ty.Callable[[], Answer]]:
        """Send the request; while the body runs its worker is frozen.

        :returns: what returns its answer, later
        """
        with futures.ThreadPoolExecutor(1) as clients:
            order = Order(Trouble.FREEZE, point)
            answer = clients.submit(
                self.post, self.first, order, UNTIL_ALL_HAVE_ASKED
            )
            try:
                self.first.wait_until("stopped")
                yield answer.result
            finally:
                self.first.signal(signal.SIGCONT)

    def assert_happened(self, order: Order) -> None:
        """Assert that the first worker came to the point."""
        happened = [
            (event["pid"], event["order"])
            for event in self.history.events()
            if event["event"] == "sabotage"
        ]
        self.assertEqual((self.first.pid, str(order)), happened[-1])

    def findings(self) -> list[Violation]:
        """Return what is wrong, by the API and in the database."""
        entry = self.ledger.entry(self.client.caller)
        operation = self.client.operation
        if not operation.changes:
            by_api = self.client.listed(self.second.port)
            self.assertEqual(set(entry.made), by_api)
        # Of servers: each still waits to be built, nobody takes what is cast.
        self.assertEqual(((), ()), (entry.gone, entry.stray))
        if operation.refusal is not None:
            self.assertEqual(((), ()), (entry.made, entry.bound))
            return []
        return checker.of_token(
            self.client.caller, self.named, entry, operation.count
        )

    def rules(self) -> set[Rule]:
        """Return the rules that do not hold."""
        return {finding.rule for finding in self.findings()}

    def assert_sound(self) -> None:
        """Assert that all is well, also for whoever comes next."""
        self.assertEqual([], self.findings())
        self.start_over()
        self.assertTrue(self.retry().succeeded)
