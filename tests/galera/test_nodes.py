# SPDX-License-Identifier: Apache-2.0
"""Nodes that die, are cut off and rejoin while API workers write to them."""

from __future__ import annotations

import ddt

from chaos import galera
from chaos.client import SERVER
from chaos.operations import GROUPED
from openstack_idempotency.engine.points import Point
from tests.galera import base

# Where a request is when its node gets into trouble, by what it does: it
# claims its token, it has made a server but not committed it, it has committed
# one of two, it stores its answer.
_POINTS = {
    "claiming": (Point.CLAIMING, SERVER),
    "committing": (Point.BEFORE_COMMIT, SERVER),
    "between_two": (Point.AFTER_COMMIT, GROUPED),
    "completing": (Point.COMPLETING, SERVER),
}


@ddt.ddt
class Killed(base.TestCase):
    """A node dies under a request, and comes back later."""

    @ddt.data("committing", "between_two")
    def test_its_requests_go_on_elsewhere(self, where):
        point, operation = _POINTS[where]
        node = self.nodes[0]
        self.start_over(operation)
        self.addCleanup(node.wait_until_it_answers)
        with self.stopped(0, point) as late:
            node.kill()
        answer = late()
        self.assertEqual((503, "unavailable"), (answer.status, answer.state))
        self.assert_undisturbed(1, 2)
        self.insist(1)
        mine, named = self.client, self.named
        self.start_over()
        self.assertEqual("executed", self.insist(2).state)
        node.start()
        node.wait_until_it_answers()
        # It has what was committed while it was away.
        self.assertEqual("replayed", self.insist(0).state)
        self.assert_one()
        self.client, self.named = mine, named
        self.assert_one()


@ddt.ddt
class CutOff(base.TestCase):
    """A node loses the others in the middle of a request."""

    @ddt.data("claiming", "committing", "completing")
    def test_the_others_go_on(self, where):
        point, operation = _POINTS[where]
        node = self.nodes[0]
        self.start_over(operation)
        self.addCleanup(node.wait_until_it_answers)
        with self.stopped(0, point) as late:
            node.cut_off()
            self.addCleanup(node.heal)
        # What it commits now waits until it knows that it is alone.
        answer = late()
        self.assertEqual((503, "unavailable"), (answer.status, answer.state))
        node.wait_until_it_is_alone()
        # Neither this token is answered there, nor another.
        mine = self.client
        again = self.post(0)
        self.start_over()
        other = self.post(0)
        self.assertEqual(
            [(503, "unavailable")] * 2,
            [(each.status, each.state) for each in (again, other)],
        )
        self.client, self.named = mine, set()
        self.assert_undisturbed(1, 2)
        self.insist(2)
        node.heal()
        node.wait_until_it_answers()
        self.assert_one()


class Apart(base.TestCase):
    """One dies while another is cut off: nobody has a majority any more."""

    def test_nobody_is_answered_until_they_are_back(self):
        dead, lone, last = self.nodes
        self.addCleanup(self.assert_all_answer)
        self.start_over()
        first = self.insist(2)
        mine, named = self.client, self.named
        self.start_over()
        dead.kill()
        lone.cut_off()
        last.wait_until_it_is_alone()
        answer = self.post(2)
        self.assertEqual((503, "unavailable"), (answer.status, answer.state))
        dead.start()
        lone.heal()
        # By themselves, as Galera is by default.
        self.assert_all_answer()
        self.assertEqual("executed", self.insist(0).state)
        self.assert_one()
        self.client, self.named = mine, named
        self.assertEqual(first.body, self.insist(1).body)
        self.assert_one()


class Lost(base.TestCase):
    """All nodes die, and what they have makes a cluster again."""

    def test_what_was_answered_is_there(self):
        behind, *ahead = self.nodes
        self.addCleanup(self.assert_all_answer)
        self.start_over()
        known = [(self.insist(0), self.client, self.named)]
        behind.kill()
        self.start_over()
        known.append((self.insist(1), self.client, self.named))
        self.start_over(GROUPED)
        # One of its two servers is committed.
        with self.stopped(2, Point.AFTER_COMMIT) as late:
            for node in ahead:
                node.kill()
        midway = self.client
        answers = [late(), *map(self.post, range(len(self.nodes)))]
        self.assertEqual(
            {(503, "unavailable")},
            {(answer.status, answer.state) for answer in answers},
        )
        self.assertIn(galera.restore(self.nodes), ahead)
        for answer, self.client, self.named in known:
            again = self.insist(0)
            self.assertEqual("replayed", again.state)
            self.assertEqual(answer.body, again.body)
            self.assert_one()
        self.client, self.named = midway, set()
        self.assert_one()
