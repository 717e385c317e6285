# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: workers that are slow, and meet the fence."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import conducting


class SlowWorkers(conducting.Stories):
    """The fence: a worker that lost its token cannot commit a resource."""

    def overtaken_at(self, point, *, taken=False):
        """Run a request that is overtaken by its retry at a point.

        :param taken: whether the conductor has its server by then
        """
        retries = []

        def overtake(reached):
            if reached is point:
                points.arm(None)
                self.change(lease_until=0)
                if taken:
                    self.conductor_takes()
                retries.append(base.elsewhere(lambda: self.boot("t")))

        points.arm(overtake)
        slow = self.boot("t")
        return slow, retries[0]

    def test_before_it_creates_it_is_stopped(self):
        for point in (Point.AFTER_CLAIM, Point.BEFORE_METHOD):
            self.change(expires_at=0)
            before = len(self.servers())
            slow, retry = self.overtaken_at(point)
            self.assert_taken_over(slow)
            self.assert_executed(retry)
            self.assertEqual(before + 1, len(self.servers()))
            self.assertEqual(retry.content, self.boot("t").content)

    def test_after_it_has_created_its_server_is_withdrawn(self):
        for point in base.AFTER_THE_COMMIT:
            self.change(expires_at=0)
            before = set(self.servers())
            slow, retry = self.overtaken_at(point)
            self.assert_taken_over(slow)
            self.assert_executed(retry)
            server = retry.json()["server"]["id"]
            self.assertEqual(before | {server}, set(self.servers()), point)
            self.assert_replayed(self.boot("t"), retry)

    def test_after_the_conductor_took_it_the_retry_has_its_server(self):
        for point in base.AFTER_THE_COMMIT:
            self.change(expires_at=0)
            before = len(self.servers())
            slow, retry = self.overtaken_at(point, taken=True)
            self.assert_taken_over(slow)
            self.assert_rebuilt(retry, before + 1)
            self.assertEqual(retry.content, self.boot("t").content)

    def test_it_cannot_take_back_what_its_retry_was_told(self):
        """Nova counts the members of a group again after its commit."""
        self.flags(server_group_members=1, group="quota")
        group = {"server_group": {"name": "g", "policy": "affinity"}}
        made = self.post("/os-server-groups", group).json()["server_group"]
        hint = {"os:scheduler_hints": {"group": made["id"]}}
        self.post("/servers", self.server(name="vm0") | hint)
        for taken in (False, True):
            token = f"t{taken}"
            request = ("/servers", self.server() | hint, token)
            answers: list[ty.Any] = []

            def overtake(reached, send=request, got=answers, taken=taken):
                if reached is Point.AFTER_COMMIT:
                    points.arm(None)
                    self.change(lease_until=0)
                    if taken:
                        self.conductor_takes()
                    got.append(base.elsewhere(lambda: self.post(*send)))

            points.arm(overtake)
            slow = self.post(*request)
            self.assert_taken_over(slow)
            if taken:
                self.assert_rebuilt(answers[0], 2)
                # By its mapping, without which a list has it all the same.
                self.api.get_server(answers[0].json()["server"]["id"])
            else:
                # It ran, and was refused as a fresh one is.
                self.assert_fault(answers[0], 403, "too many servers")
                self.assertEqual(1, len(self.servers()))

    def test_it_stops_before_its_next_server(self):
        answers = []

        def overtake(reached):
            if reached is Point.AFTER_COMMIT:
                points.arm(None)
                self.change(lease_until=0)
                retry = base.elsewhere(lambda: self.boot("t", min_count=2))
                answers.append(retry)

        points.arm(overtake)
        slow = self.boot("t", min_count=2)
        self.assert_taken_over(slow)
        self.assert_executed(answers[0])
        self.assertIn(answers[0].json()["server"]["id"], self.servers())
        self.assertEqual(2, len(self.servers()))
        self.assert_replayed(self.boot("t", min_count=2), answers[0])


class Committing(base.Mixin):
    """While Nova commits, the row is locked, and nobody waits for it."""

    options = {"wait_timeout": 0}

    def test_while_it_commits_it_is_not_overtaken(self):
        answers = []

        def retry(point):
            if point is Point.BEFORE_COMMIT:
                points.arm(None)
                answers.append(base.elsewhere(lambda: self.boot("t")))

        # The row is locked by then; only its lease could have run out.
        def expire(point):
            if point is Point.BEFORE_METHOD:
                self.change(lease_until=0)
                points.arm(retry)

        points.arm(expire)
        slow = self.boot("t")
        self.assertEqual(202, slow.status_code)
        self.assert_fault(answers[0], 409, "still running")
        self.assertEqual(1, len(self.servers()))


globals().update(base.on_each_database(SlowWorkers))
# SQLite has one writer at a time: there, the retry is the one that waits.
globals().update(base.on_each_database(Committing, ("mysql", "postgresql")))
