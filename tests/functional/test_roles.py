# SPDX-License-Identifier: Apache-2.0
"""Protocol section 2: a retry needs the roles of the first request."""

from __future__ import annotations

import functools
from unittest import mock

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import conducting
from tests.functional import existing

ROLES = "reader,member"


class Roles(conducting.Conducting, base.TestCase):
    """What a linked request left, and who may have it."""

    options = {"wait_timeout": 0}

    def key(self, roles=ROLES):
        """Send a POST that generates a private key, with some roles."""
        return self.generate("k", "t", **{"X-Roles": roles})

    def assert_forbidden(self, answer, *secrets):
        self.assert_fault(answer, 403, "roles that this one does not have")
        self.assertEqual("forbidden", answer.headers["X-Client-Token-State"])
        self.assertEqual("t", answer.headers["X-Client-Token"])
        self.assertNotIn("X-Client-Token-Request-Id", answer.headers)
        self.assertNotIn("Retry-After", answer.headers)
        for secret in ("private_key", "public_key", "Location", *secrets):
            self.assertNotIn(secret, answer.text + str(answer.headers))

    def assert_replayed(self, answer, first):
        self.assertEqual("replayed", answer.headers["X-Client-Token-State"])
        self.assertEqual(first.content, answer.content)

    def test_one_with_fewer_does_not_get_the_private_key(self):
        first = self.key()
        self.assertIn("private_key", first.json()["keypair"])
        for roles in ("reader", "member", "", "reader,members", "other"):
            self.assert_forbidden(self.key(roles))
        self.assert_replayed(self.key(), first)

    def test_one_with_more_gets_it(self):
        first = self.key()
        for roles in ("member,reader", "admin,reader,member"):
            self.assert_replayed(self.key(roles), first)

    def test_case_does_not_count(self):
        first = self.key("Reader,MEMBER")
        self.assert_replayed(self.key("reader,member"), first)
        self.assert_forbidden(self.key("Reader"))

    def test_while_the_first_one_runs(self):
        answers = []

        def retry(point):
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                for roles in ("reader", ROLES):
                    answers.append(
                        base.elsewhere(functools.partial(self.key, roles))
                    )

        points.arm(retry)
        self.assertEqual(201, self.key().status_code)
        self.assert_forbidden(answers[0])
        self.assert_fault(answers[1], 409, "still running")

    def test_what_a_dead_worker_left(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, self.key)
        self.assert_forbidden(self.key("reader"))
        rebuilt = self.key()
        self.assertEqual("rebuilt", rebuilt.headers["X-Client-Token-State"])
        self.assert_forbidden(self.key("reader"))

    def test_an_answer_that_is_not_stored(self):
        self.key()
        self.change(sealed=None)
        self.assert_forbidden(self.key("reader"))
        self.assertEqual(201, self.key().status_code)

    def test_a_server_is_not_withdrawn(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        (server,) = self.servers()
        answer = self.post(
            "/servers", self.server(), "t", **{"X-Roles": "reader"}
        )
        self.assert_forbidden(answer, server)
        self.assertEqual([server], self.servers())

    def test_where_it_runs_again_novas_policy_decides(self):
        rules = {"os_compute_api:servers:create": "role:member"}
        self.policy.set_rules(rules, overwrite=False)
        self.left_by_a_dead_worker(Point.BEFORE_METHOD, self.key)
        body = self.server()
        self.left_by_a_dead_worker(
            Point.BEFORE_METHOD, lambda: self.post("/servers", body, "t")
        )
        # Keypairs are their user's own, whatever the roles are.
        self.assertEqual(201, self.key("reader").status_code)
        refused = self.post("/servers", body, "t", **{"X-Roles": "reader"})
        self.assert_fault(refused, 403, "Policy doesn't allow")
        self.assertEqual("executed", refused.headers["X-Client-Token-State"])
        self.assertEqual([], self.servers())
        # From now on the roles of the one that ran count.
        self.assertIn("private_key", self.key("reader").text)


class NotLinked(existing.Existing, Roles):
    """What is known of an operation that is not linked."""

    def reader(self):
        return self.reset("t", **{"X-Roles": "reader"})

    def test_a_failure(self):
        save = "nova.objects.Instance.save"
        with mock.patch(save, side_effect=RuntimeError("broken")):
            self.assertEqual(500, self.reset("t").status_code)
        self.assert_forbidden(self.reader())
        self.assertEqual(500, self.reset("t").status_code)

    def test_an_unknown_outcome(self):
        self.left_by_a_dead_worker(
            Point.BEFORE_METHOD, lambda: self.reset("t")
        )
        for _ in range(2):
            self.assert_forbidden(self.reader())
            self.assert_fault(self.reset("t"), 409, "unknown")

    def test_what_nova_recorded(self):
        self.left_by_a_dead_worker(Point.AFTER_METHOD, lambda: self.reset("t"))
        self.assert_forbidden(self.reader())
        self.assertEqual(202, self.reset("t").status_code)


for _name in [name for name in vars(Roles) if name.startswith("test_")]:
    setattr(NotLinked, _name, None)
