# SPDX-License-Identifier: Apache-2.0
"""Workers on several nodes that use one token at the same moment."""

from __future__ import annotations

from concurrent import futures
import signal
import threading

import ddt

from chaos.client import KEYPAIR
from chaos.client import SERVER
from chaos.operations import GROUP
from chaos.operations import GROUPED
from openstack_idempotency.engine.points import Point
from tests.galera import base

_ROUNDS = 3
_CLIENTS = 6
_OPERATIONS = {
    "server": SERVER,
    "servers": GROUPED,
    "keypair": KEYPAIR,
    "group": GROUP,
}


@ddt.ddt
class AtOnce(base.TestCase):
    """The same request is sent to all nodes."""

    @ddt.data(*_OPERATIONS)
    def test_one_set_is_made(self, what):
        for _ in range(_ROUNDS):
            self.start_over(_OPERATIONS[what])
            together = threading.Barrier(_CLIENTS)

            def ask(number, together=together):
                together.wait()
                return self.insist(number % len(self.nodes))

            with futures.ThreadPoolExecutor(_CLIENTS) as clients:
                answers = [*clients.map(ask, range(_CLIENTS))]
            said = [answer.state for answer in answers]
            self.assertEqual(1, said.count("executed"), said)
            self.assert_one()


@ddt.ddt
class Late(base.TestCase):
    """A worker goes on when another node's has just taken its token."""

    @ddt.data(*range(_ROUNDS))
    def test_its_commit_against_a_takeover(self, number):
        self.start_over()
        self.race(Point.BEFORE_COMMIT, number)

    @ddt.data(*range(_ROUNDS))
    def test_its_commit_against_a_withdrawal(self, number):
        self.start_over(GROUPED)
        self.race(Point.AFTER_COMMIT, number)

    def race(self, point, number):
        """Let it go on the later, the higher the number is."""
        worker = self.workers[0]
        with self.stopped(0, point) as late:
            self.wait_until_it_lapses(1)
            with futures.ThreadPoolExecutor(1) as clients:
                retry = clients.submit(self.insist, 1)
                # Not waited for: some moments of the retry, which takes 50.
                threading.Event().wait(0.008 * number)
                worker.signal(signal.SIGCONT)
                answer = late()
                retry.result()
        self.assertIn(
            answer.state, ("executed", "taken-over", "unavailable"), answer
        )
        self.assert_one()
