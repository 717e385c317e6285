# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: a success never names what nobody was asked to build."""

from __future__ import annotations

import contextvars
import typing as ty

import ddt
import fixtures

from nova import exception
from nova.idempotency import service
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql import tables
from testing.nova import base
from tests.functional import building

_TOKEN = "t"


class Lost(building.Building):
    """What a worker made and handed to nobody is taken back by the retry."""

    options = {"wait_timeout": 0}

    def setUp(self):
        super().setUp()
        group = {"name": "g", "policy": "soft-affinity"}
        answer = self.post("/os-server-groups", {"server_group": group})
        group = answer.json()["server_group"]["id"]
        self.body = self.server(**self.with_a_volume())
        self.body["os:scheduler_hints"] = {"group": group}

    def send(self):
        """Send the request of this test, the same one each time."""
        return self.post("/servers", self.body, _TOKEN)

    def lost(self):
        """Let a worker die before the cast; return the servers it made."""
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, self.send)
        self.assertEqual([], self.casts)
        return self.build_requests()

    def lose_several(self, count):
        """Let a worker die after so many commits, and before the cast."""
        self.body = self.server(min_count=3)
        seen = []

        def die(point):
            if point is Point.AFTER_COMMIT:
                seen.append(point)
                if len(seen) == count:
                    points.arm(None)
                    raise base.Died

        points.arm(die)
        self.assertRaises(base.Died, self.send)
        self.change(lease_until=0)
        return self.build_requests()

    def assert_state(self, status, state, answer):
        self.assertEqual(status, answer.status_code, answer.content)
        self.assertEqual(state, answer.headers["X-Client-Token-State"])

    def assert_runs(self, answer, lost, count=1):
        """Assert that a retry ran, and that only its servers are built."""
        self.assert_state(202, "executed", answer)
        servers = self.build_requests()
        self.assertEqual(count, len(servers))
        self.assertIn(answer.json()["server"]["id"], servers)
        self.deliver_all()
        self.assertEqual(servers, self.built)
        self.assertEqual(set(servers), set(self.servers()))
        for server in lost:
            self.assert_nothing_is_left(server)
        replay = self.send()
        self.assert_state(202, "replayed", replay)
        self.assertEqual(answer.content, replay.content)
        self.assertEqual([], self.volumes_deleted)

    def deliver_all(self):
        while self.casts:
            self.deliver()


@ddt.ddt
class Crashes(Lost):
    """Workers that die, and workers that wake, on each database."""

    def test_a_worker_that_dies_before_the_cast(self):
        lost = self.lost()
        answer = self.send()
        self.assert_runs(answer, lost)
        self.assertEqual(set(self.built), self.attached().keys())

    def test_a_cast_that_is_late(self):
        self.left_by_a_dead_worker(Point.AFTER_METHOD, self.send)
        lost = self.build_requests()
        self.assertEqual(1, len(self.casts))
        self.assert_runs(self.send(), lost)

    @ddt.data(
        Point.RECOVERING,
        Point.AFTER_TAKEOVER,
        Point.WITHDRAWING,
        Point.BEFORE_UNDO,
        Point.AFTER_UNDO,
        Point.BEFORE_METHOD,
    )
    def test_a_withdrawing_worker_that_dies(self, point):
        lost = self.lost()
        self.left_by_a_dead_worker(point, self.send)
        self.assert_runs(self.send(), lost)

    @ddt.data(Point.AFTER_COMMIT, Point.AFTER_METHOD, Point.BEFORE_SETTLE)
    def test_the_first_worker_wakes(self, point):
        retries, lost = [], []

        def overtake(reached):
            if reached is point:
                points.arm(None)
                self.change(lease_until=0)
                lost.extend(self.build_requests())
                # Another request: it knows nothing of this one's claim.
                retries.append(contextvars.Context().run(self.send))

        points.arm(overtake)
        slow = self.send()
        self.assert_state(409, "taken-over", slow)
        self.assertEqual(1, len(lost))
        self.assert_runs(retries[0], lost)


@ddt.ddt
class LostCasts(Lost, base.TestCase):
    """All that does not depend on the kind of database."""

    def test_a_broker_that_is_down(self):
        self.broker_is_down = True
        self.assert_state(500, "interrupted", self.send())
        lost = self.build_requests()
        self.assertEqual(1, len(lost))
        self.broker_is_down = False
        self.assert_runs(self.send(), lost)

    def test_a_broker_that_stays_down(self):
        self.broker_is_down = True
        for _ in range(3):
            self.assert_state(500, "interrupted", self.send())
        self.assertEqual(1, len(self.build_requests()))
        self.assertEqual(1, len(self.attached()))

    @ddt.data(1, 2, 3)
    def test_a_request_for_three_that_made_some(self, count):
        lost = self.lose_several(count)
        self.assertEqual(count, len(lost))
        self.assert_runs(self.send(), lost, count=3)

    def test_one_of_several_deleted_by_its_user(self):
        lost = self.lose_several(3)
        self.api.delete_server(lost[1])
        for _ in range(2):
            self.assert_state(409, "answer-lost", self.send())
        self.assertEqual([], self.servers())
        self.assertEqual([], self.casts)

    def test_one_deleted_by_its_user_whose_clean_up_died(self):
        self.body = self.server(min_count=3)
        seen = []
        lost: list[ty.Any] = []

        def trouble(point):
            seen.append(point)
            if seen.count(Point.AFTER_COMMIT) == 2 and not lost:
                lost.extend(self.build_requests())
                contextvars.Context().run(self.api.delete_server, lost[0])
            elif point is Point.BEFORE_LINK and seen.count(point) == 3:
                raise ValueError("the third one cannot be made")
            # After the request spec, the BuildRequest and the mapping.
            elif seen.count(Point.BEFORE_CLEANUP) == 4:
                points.arm(None)
                raise base.Died

        points.arm(trouble)
        self.assertRaises(base.Died, self.send)
        self.change(lease_until=0)
        # The conductor never heard of the server that is gone, too.
        self.assert_runs(self.send(), lost, count=3)

    def test_a_cast_that_was_delivered(self):
        self.left_by_a_dead_worker(Point.AFTER_METHOD, self.send)
        (server,) = self.build_requests()
        self.deliver()
        answer = self.send()
        self.assert_state(202, "rebuilt", answer)
        self.assertEqual(server, answer.json()["server"]["id"])
        self.assertEqual([server], self.built)

    def test_a_quota_of_one(self):
        self.flags(instances=1, group="quota")
        lost = self.lost()
        self.assert_runs(self.send(), lost)

    def test_cinder_out_of_reach(self):
        (lost,) = self.lost()

        def fail(*args):
            raise exception.CinderConnectionFailed(reason="down")

        with fixtures.MonkeyPatch(
            "nova.volume.cinder.API.attachment_delete", fail
        ):
            for _ in range(2):
                answer = self.send()
                self.assert_state(503, "unavailable", answer)
                self.assertIn("Retry-After", answer.headers)
                self.assertEqual([], self.servers())
        self.assertIn(lost, self.attached())
        self.assert_runs(self.send(), [lost])

    def test_what_the_conductor_makes_after_all_is_swept(self):
        self.left_by_a_dead_worker(Point.AFTER_METHOD, self.send)
        lost = self.build_requests()
        self.flags(instances=1, group="quota")
        answers = []

        def retry():
            answers.append(self.send())
            self.deliver()

        # The cast that was late; its conductor has seen the BuildRequest.
        self.stops.before(retry, name="Instance.create")
        self.deliver()
        self.assert_state(202, "executed", answers[0])
        for _ in range(2):  # the second finds nothing any more
            chores = service.from_configuration()._chores
            assert chores is not None
            chores.do()
            self.assert_nothing_is_left(lost[0])
        self.assertEqual([], self.rows(tables.WITHDRAWALS))
        server = answers[0].json()["server"]["id"]
        self.assertEqual([server], self.built)
        self.assertNotEqual([], self.records(server))


globals().update(base.on_each_database(Crashes))
