# SPDX-License-Identifier: Apache-2.0
"""Three nodes, an API host on each, and what all stories need of them."""

from __future__ import annotations

import atexit
from concurrent import futures
import contextlib
import functools
import os
from pathlib import Path
import signal
import tempfile
import time
import typing as ty
import unittest
import uuid

import sqlalchemy as sa

from chaos import allocations
from chaos import checker
from chaos import databases
from chaos import galera
from chaos import hosts
from chaos import schema
from chaos import states
from chaos.client import Answer
from chaos.client import Client
from chaos.client import KEYPAIR
from chaos.client import Operation
from chaos.client import SERVER
from chaos.configuration import Configuration
from chaos.databases import Databases
from chaos.galera import Node
from chaos.grants import Grants
from chaos.history import History
from chaos.hosts import Host
from chaos.hosts import Worker
from chaos.ledger import Ledger
from chaos.sabotage import Commit
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from openstack_idempotency.engine.points import Point
import testing.databases

# Seconds: longer than the group takes to give a node up, and than a lease.
_PATIENCE = 60.0
_EVERY = 0.2


class Site:
    """The cluster, and what runs on it until this process ends.

    :param stack: gets what ends them
    """

    def __init__(self, stack: contextlib.ExitStack) -> None:
        folder = tempfile.TemporaryDirectory(prefix="nova-galera-")
        path = Path(stack.enter_context(folder))
        # It starts beside the rest.
        placement = stack.enter_context(allocations.started(path))
        self.nodes = nodes()
        server = sa.make_url(self.nodes[0].url)
        first = databases.create(databases.Databases, server)
        #: The databases as each node has them.
        self.urls = [first.at(node.url) for node in self.nodes]
        self._folder = path
        self._history = History(path / "history")
        self._placement = placement.endpoint
        transport = Configuration(first).transport_url
        schema.create(first, transport, first.anywhere())
        self.ledgers = [
            Ledger(first.at(node.current_url)) for node in self.nodes
        ]
        self._hosts = stack.enter_context(
            self.hosts(
                {f"host{n}": urls for n, urls in enumerate(self.urls)}
            )
        )
        placement.ready()
        self._workers: list[Worker] = []

    def hosts(
        self, urls: ty.Mapping[str, Databases]
    ) -> contextlib.AbstractContextManager[list[Host]]:
        """Start API hosts, and end them.

        :param urls: the databases, as each host finds them, by its name
        """
        sites = {
            name: Configuration(mine, placement=self._placement)
            for name, mine in urls.items()
        }
        return hosts.of_sites(self._folder, sites, self._history)

    def workers(self) -> list[Worker]:
        """Return a running worker on each node."""
        if not self._workers:
            self._workers = [host.fork() for host in self._hosts]
        self._workers = [
            worker if worker.state == "running" else worker.host.fork()
            for worker in self._workers
        ]
        return self._workers


@functools.cache
def _until_the_end() -> contextlib.ExitStack:
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack


@functools.cache
def _cluster() -> list[Node]:
    return _until_the_end().enter_context(galera.started(()))


@functools.cache
def site() -> Site:
    """Return the site, which is made once."""
    return Site(_until_the_end())


def nodes() -> list[Node]:
    """Return the nodes, which are started once; all of them answer.

    :raises unittest.SkipTest: there is no Galera, and none is required
    """
    missing = galera.missing()
    if missing and not os.environ.get(testing.databases.REQUIRED):
        raise unittest.SkipTest(missing)
    for node in _cluster():
        node.wait_until_it_answers()
    return _cluster()


class TestCase(unittest.TestCase):
    """Each story has a token of its own, and a worker on each node."""

    def setUp(self) -> None:
        self.nodes = nodes()
        self.site = site()
        self.workers = self.site.workers()

    def start_over(self, operation: Operation = SERVER) -> None:
        """Take a fresh token, of a caller who has nothing yet.

        :param operation: what the caller wants
        """
        self.client = Client(uuid.uuid4().hex, operation)
        Grants(self.site.urls[1].api).give(self.client)
        self.named: set[str] = set()

    def post(self, number: int, order: Order | None = None) -> Answer:
        """Send the request to a node's worker; note what it names.

        :param number: of the node
        :param order: trouble that the worker gets into
        """
        answer = self.client.post(
            self.workers[number].port, order, timeout=_PATIENCE
        )
        if answer.made is not None:
            self.named.add(answer.made)
        self.assertIsNone(answer.fault, answer)
        return answer

    def insist(self, number: int) -> Answer:
        """Retry at a node until the answer is final; it is a success.

        :param number: of the node
        """
        answers: list[Answer] = []

        def final() -> bool:
            answer = self.post(number)
            answers.append(answer)
            return states.final(
                answer.status, answer.state, later=answer.later
            )

        hosts.wait_until(final, "an answer is final", _EVERY, _PATIENCE)
        self.assertTrue(answers[-1].succeeded, answers)
        return answers[-1]

    @contextlib.contextmanager
    def stopped(
        self, number: int, point: Point | Commit
    ) -> ty.Iterator[ty.Callable[[], Answer]]:
        """Send the request; while the body runs, its worker stands still.

        :param number: of the worker's node
        :param point: where the worker stands
        :returns: what returns its answer, later
        """
        worker = self.workers[number]
        with futures.ThreadPoolExecutor(1) as clients:
            order = Order(Trouble.FREEZE, point)
            answer = clients.submit(self.post, number, order)
            try:
                worker.wait_until("stopped")
                yield answer.result
            finally:
                worker.signal(signal.SIGCONT)

    def wait_until_it_lapses(self, number: int) -> None:
        """Wait until the token's lease is over, as a node sees it.

        :param number: of the node
        """
        ledger = self.site.ledgers[number]
        hosts.wait_until(
            lambda: ledger.lapsed(self.client.caller), "a lease is over"
        )

    def assert_all_answer(self) -> None:
        """Assert that all nodes are back sooner or later, by themselves."""
        for node in self.nodes:
            node.wait_until_it_answers()

    def assert_one(self) -> None:
        """Assert that all nodes tell the same of the token, and for good."""
        self.insist(1)
        last = [self.insist(number) for number in range(len(self.nodes))]
        self.assertEqual({"replayed", "rebuilt"} | {last[0].state},
                         {"replayed", "rebuilt"}, last)
        self.assertEqual(1, len({answer.body for answer in last}), last)
        for ledger in self.site.ledgers:
            entry = ledger.entry(self.client.caller)
            self.assertEqual(((), ()), (entry.gone, entry.stray))
            found = checker.of_token(
                self.client.caller,
                self.named,
                entry,
                self.client.operation.count,
            )
            self.assertEqual([], found)

    def assert_undisturbed(self, *numbers: int) -> None:
        """Assert that users of other tokens, or of none, notice nothing.

        :param numbers: of the nodes whose workers they ask
        """
        for number in numbers:
            for operation in (SERVER, KEYPAIR):
                for tokened in (True, False):
                    other = Client(uuid.uuid4().hex, operation, tokened)
                    port = self.workers[number].port
                    began = time.monotonic()
                    answer = other.post(port, timeout=_PATIENCE)
                    listed = other.listed(port)
                    took = time.monotonic() - began
                    self.assertTrue(answer.succeeded, answer)
                    self.assertEqual({answer.made}, listed)
                    self.assertLess(took, 2 * checker.BOUND)
