# SPDX-License-Identifier: Apache-2.0
"""Protocol sections 3 and 5: workers that die, and workers that are slow."""

from __future__ import annotations

from nova.openstack.common.idempotency.points import Point
from tests.functional import base


class DeadWorkers:
    """What the retry gets, for each state that a dead worker can leave."""

    def test_before_the_claim_there_is_nothing(self):
        self.dies_at(Point.BEFORE_CLAIM)
        self.assertRaises(base.Died, self.boot, "t")
        self.assertEqual([], self.rows())

    def test_before_the_commit_the_retry_runs(self):
        for number, point in enumerate(base.BEFORE_THE_COMMIT):
            token = point.value
            self.left_by_a_dead_worker(point, lambda t=token: self.boot(t))
            self.assertEqual(number, len(self.servers()), point)
            retry = self.boot(token)
            self.assertEqual(202, retry.status_code)
            self.assertNotIn("Idempotent-Replayed", retry.headers)
            self.assertEqual(number + 1, len(self.servers()), point)
            self.assertEqual(retry.content, self.boot(token).content)

    def test_after_the_commit_the_retry_gets_the_server(self):
        for number, point in enumerate(base.AFTER_THE_COMMIT):
            token = point.value
            self.left_by_a_dead_worker(point, lambda t=token: self.boot(t))
            self.assertEqual(number + 1, len(self.servers()), point)
            retry = self.boot(token)
            self.assert_rebuilt(retry, number + 1)
            self.assertEqual(retry.content, self.boot(token).content)

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

    def test_a_reservation_is_rebuilt(self):
        fields = {"return_reservation_id": True}
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.boot("t", **fields)
        )
        rebuilt = self.boot("t", **fields)
        self.assertEqual(["reservation_id"], list(rebuilt.json()))
        self.assertEqual(1, len(self.servers()))

    def test_of_several_servers_those_that_exist_are_answered(self):
        seen = []

        def die_after_two(point):
            if point is Point.AFTER_COMMIT:
                seen.append(point)
                if len(seen) == 2:
                    base.points.arm(None)
                    raise base.Died

        base.points.arm(die_after_two)
        self.assertRaises(base.Died, self.boot, "t", min_count=3)
        self.change(lease_until=0)
        answer = self.boot("t", min_count=3)
        self.assert_rebuilt(answer, 2)

    def test_a_server_that_was_deleted_before_the_retry(self):
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.boot("t")
        )
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
            self.left_by_a_dead_worker(point, lambda t=token: self.boot(t))
            refused = self.boot(token, name="vm2")
            self.assert_fault(refused, 422, "different request")

    def test_a_recovery_that_dies_is_recovered(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        self.left_by_a_dead_worker(
            Point.AFTER_TAKEOVER, lambda: self.boot("t")
        )
        self.assert_rebuilt(self.boot("t"), 1)

    def assert_rebuilt(self, answer, count):
        self.assertEqual(202, answer.status_code, answer.content)
        self.assertEqual("true", answer.headers["Idempotent-Replayed"])
        server = answer.json()["server"]
        self.assertNotIn("adminPass", server)
        self.assertIn(server["id"], self.servers())
        self.assertEqual(count, len(self.servers()))


class SlowWorkers:
    """The fence: a worker that lost its token cannot commit a resource."""

    def overtaken_at(self, point):
        """Run a request that is overtaken by its retry at a point."""
        retries = []

        def overtake(reached):
            if reached is point:
                base.points.arm(None)
                self.change(lease_until=0)
                retries.append(self.boot("t"))

        base.points.arm(overtake)
        slow = self.boot("t")
        return slow, retries[0]

    def test_before_it_creates_it_is_stopped(self):
        for point in (Point.AFTER_CLAIM, Point.BEFORE_METHOD):
            self.change(expires_at=0)
            before = len(self.servers())
            slow, retry = self.overtaken_at(point)
            self.assert_fault(slow, 409, "took over")
            self.assertEqual("1", slow.headers["Retry-After"])
            self.assertEqual(202, retry.status_code)
            self.assertEqual(before + 1, len(self.servers()))
            self.assertEqual(retry.content, self.boot("t").content)

    def test_after_it_has_created_both_name_one_server(self):
        for point in (
            Point.AFTER_COMMIT,
            Point.AFTER_METHOD,
            Point.BEFORE_SETTLE,
        ):
            self.change(expires_at=0)
            before = len(self.servers())
            slow, retry = self.overtaken_at(point)
            self.assertEqual(202, slow.status_code)
            self.assertEqual(
                slow.json()["server"]["id"], retry.json()["server"]["id"]
            )
            self.assertEqual(before + 1, len(self.servers()))
            self.assertEqual(retry.content, self.boot("t").content)


class Committing:
    """While Nova commits, the row is locked, and nobody waits for it."""

    options = {"wait_timeout": 0}

    def test_while_it_commits_it_is_not_overtaken(self):
        answers = []

        def retry(point):
            if point is Point.BEFORE_COMMIT:
                base.points.arm(None)
                answers.append(self.boot("t"))

        # The row is locked by then; only its lease could have run out.
        def expire(point):
            if point is Point.BEFORE_METHOD:
                self.change(lease_until=0)
                base.points.arm(retry)

        base.points.arm(expire)
        slow = self.boot("t")
        self.assertEqual(202, slow.status_code)
        self.assert_fault(answers[0], 409, "still running")
        self.assertEqual(1, len(self.servers()))


globals().update(base.on_each_database(DeadWorkers))
globals().update(base.on_each_database(SlowWorkers))
# SQLite has one writer at a time: there, the retry is the one that waits.
globals().update(base.on_each_database(Committing, ("mysql", "postgresql")))
