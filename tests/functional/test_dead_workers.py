# SPDX-License-Identifier: Apache-2.0
"""Protocol sections 3 and 5: workers that die."""

from __future__ import annotations

import functools
from unittest import mock

from nova import exception
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import conducting

# Where a worker may die that withdraws what another one left.
WHILE_WITHDRAWING = (
    Point.AFTER_TAKEOVER,
    Point.WITHDRAWING,
    Point.BEFORE_UNDO,
    Point.AFTER_UNDO,
    Point.BEFORE_METHOD,
)


class DeadWorkers(conducting.Stories):
    """What the retry gets, for each state that a dead worker can leave."""

    def test_before_the_claim_there_is_nothing(self):
        self.dies_at(Point.BEFORE_CLAIM)
        self.assertRaises(base.Died, self.boot, "t")
        self.assertEqual([], self.rows())

    def test_before_the_commit_the_retry_runs(self):
        for number, point in enumerate(base.BEFORE_THE_COMMIT):
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.boot, token)
            )
            self.assertEqual(number, len(self.servers()), point)
            retry = self.boot(token)
            self.assertEqual(202, retry.status_code)
            self.assertNotIn("Idempotent-Replayed", retry.headers)
            self.assertEqual(number + 1, len(self.servers()), point)
            self.assertEqual(retry.content, self.boot(token).content)

    def test_after_the_commit_one_that_nobody_took_is_withdrawn(self):
        for number, point in enumerate(base.AFTER_THE_COMMIT):
            token = point.value
            before = set(self.servers())
            self.left_by_a_dead_worker(
                point, functools.partial(self.boot, token)
            )
            (lost,) = set(self.servers()) - before
            retry = self.boot(token)
            self.assert_executed(retry)
            server = retry.json()["server"]["id"]
            self.assertNotEqual(lost, server)
            self.assertEqual(before | {server}, set(self.servers()))
            self.assertEqual(number + 1, len(self.servers()), point)
            self.assert_replayed(self.boot(token), retry)

    def test_after_the_commit_one_that_the_conductor_took_is_rebuilt(self):
        for number, point in enumerate(base.AFTER_THE_COMMIT):
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.boot, token)
            )
            self.conductor_takes()
            retry = self.boot(token)
            self.assert_rebuilt(retry, number + 1)
            again = self.boot(token)
            self.assert_rebuilt(again, number + 1)
            self.assertEqual(retry.content, again.content)

    def test_while_its_cell_does_not_answer_the_retry_is_told_so(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        self.conductor_takes()
        silent = exception.NovaException("Cell is not responding.")
        get = "nova.compute.api.API.get"
        with mock.patch(get, side_effect=silent):
            retry = self.boot("t")
        self.assertEqual(503, retry.status_code, retry.content)
        state = retry.headers["X-Client-Token-State"]
        self.assertEqual("unavailable", state)
        self.assert_rebuilt(self.boot("t"), 1)

    def test_when_all_was_written_the_retry_gets_the_first_answer(self):
        self.dies_at(Point.AFTER_SETTLE)
        self.assertRaises(base.Died, self.boot, "t")
        retry = self.boot("t")
        self.assertIn("adminPass", retry.json()["server"])
        self.assertEqual("true", retry.headers["Idempotent-Replayed"])
        self.assertEqual(1, len(self.servers()))

    def test_the_rebuilt_answer_is_the_first_one_but_for_its_secret(self):
        fields = {"security_groups": [{"name": "default"}]}
        first = self.boot("t1", **fields)
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.boot("t2", **fields)
        )
        self.conductor_takes()
        rebuilt = self.boot("t2", **fields)
        self.assertEqual(first.status_code, rebuilt.status_code)
        (other,) = set(self.servers()) - {first.json()["server"]["id"]}
        expected = first.json()["server"]
        expected.pop("adminPass")
        text = str(expected).replace(expected["id"], other)
        self.assertEqual(text, str(rebuilt.json()["server"]))
        for name in ("Content-Type", "Vary", "OpenStack-API-Version"):
            self.assertEqual(first.headers[name], rebuilt.headers[name])
        self.assertTrue(rebuilt.headers["Location"].endswith(other))
        self.assertIn("X-Client-Token-Expires", rebuilt.headers)

    def test_a_reservation(self):
        fields = {"return_reservation_id": True}
        for number, token in enumerate(("withdrawn", "taken")):
            self.left_by_a_dead_worker(
                Point.AFTER_COMMIT,
                functools.partial(self.boot, token, **fields),
            )
            if token == "taken":
                self.conductor_takes()
            retry = self.boot(token, **fields)
            self.assertEqual(202, retry.status_code)
            self.assertEqual(["reservation_id"], list(retry.json()))
            state = retry.headers["X-Client-Token-State"]
            expected = ("executed", "rebuilt")[number]
            self.assertEqual(expected, state)
            self.assertEqual(number + 1, len(self.servers()))

    def dies_after_two(self):
        """Send a request for three servers whose worker dies after two."""
        seen = []

        def die_after_two(point):
            if point is Point.AFTER_COMMIT:
                seen.append(point)
                if len(seen) == 2:
                    points.arm(None)
                    raise base.Died

        points.arm(die_after_two)
        self.assertRaises(base.Died, self.boot, "t", min_count=3)
        self.change(lease_until=0)
        self.assertEqual(2, len(self.servers()))

    def test_of_several_servers_none_is_kept_that_nobody_took(self):
        self.dies_after_two()
        answer = self.boot("t", min_count=3)
        self.assert_executed(answer)
        self.assertIn(answer.json()["server"]["id"], self.servers())
        self.assertEqual(3, len(self.servers()))
        self.assertEqual(3, self.rows()[0].bound)
        self.assert_replayed(self.boot("t", min_count=3), answer)

    def test_of_several_servers_all_are_kept_if_one_was_taken(self):
        self.dies_after_two()
        self.conductor_takes(1)
        self.assert_rebuilt(self.boot("t", min_count=3), 2)

    def test_of_several_servers_one_was_deleted(self):
        self.dies_after_two()
        deleted, _ = self.servers()
        self.api.delete_server(deleted)
        for _ in range(2):
            answer = self.boot("t", min_count=3)
            self.assert_fault(answer, 409, "not available any more")
            self.assertEqual([], self.servers())

    def test_a_server_that_was_deleted_before_the_retry(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        (server,) = self.servers()
        self.api.delete_server(server)
        retry = self.boot("t")
        self.assert_fault(retry, 409, "not available any more")
        self.assert_fault(self.boot("t"), 409, "not available any more")
        self.assertEqual([], self.servers())

    def test_a_keypair_is_rebuilt_without_its_private_key(self):
        first = self.generate("k1", "t1").json()["keypair"]
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.generate("k2", "t2")
        )
        rebuilt = self.generate("k2", "t2")
        self.assertEqual(201, rebuilt.status_code)
        keypair = rebuilt.json()["keypair"]
        self.assertEqual(first.keys() - {"private_key"}, keypair.keys())
        (listed,) = [
            entry["keypair"]
            for entry in self.api.api_get("/os-keypairs").body["keypairs"]
            if entry["keypair"]["name"] == "k2"
        ]
        self.assertEqual(listed, {name: keypair[name] for name in listed})

    def test_a_different_request_is_refused_all_the_same(self):
        for point in (Point.AFTER_CLAIM, Point.AFTER_COMMIT):
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.boot, token)
            )
            refused = self.boot(token, name="vm2")
            self.assert_fault(refused, 422, "different request")

    def test_a_recovery_that_dies_is_recovered(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        self.conductor_takes()
        self.left_by_a_dead_worker(
            Point.AFTER_TAKEOVER, lambda: self.boot("t")
        )
        self.assert_rebuilt(self.boot("t"), 1)

    def test_a_withdrawal_that_dies_is_finished(self):
        for number, point in enumerate(WHILE_WITHDRAWING):
            token = point.value
            self.left_by_a_dead_worker(
                Point.AFTER_COMMIT, functools.partial(self.boot, token)
            )
            self.left_by_a_dead_worker(
                point, functools.partial(self.boot, token)
            )
            retry = self.boot(token)
            self.assert_executed(retry)
            self.assertEqual(number + 1, len(self.servers()), point)
            self.assertIn(retry.json()["server"]["id"], self.servers())
            self.assert_replayed(self.boot(token), retry)


globals().update(base.on_each_database(DeadWorkers))
