# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3 for operations that are not in the API database."""

from __future__ import annotations

import functools
from unittest import mock
import uuid

import fixtures

from nova.api.openstack.compute import admin_actions
from nova.openstack.common.idempotent import idempotent
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import existing


class NotLinked(existing.Existing):
    """A server's action, decorated in source: it never runs twice."""

    woven = False

    def setUp(self):
        controller = admin_actions.AdminActionsController
        self.useFixture(
            fixtures.MockPatchObject(
                controller, "_reset_state", idempotent(controller._reset_state)
            )
        )
        super().setUp()

    def test_it_runs_once(self):
        first = self.reset("t")
        again = self.reset("t")
        self.assertEqual(202, first.status_code)
        self.assertEqual(202, again.status_code)
        self.assertEqual(first.content, again.content)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        self.assertEqual(
            [first.headers["x-openstack-request-id"]], self.actions()
        )
        self.assertFalse(self.rows()[0].linked)

    def test_another_server_is_another_target(self):
        other = self.existing_server()
        self.reset("t")
        answer = self.reset("t", server=other, state="active")
        self.assertEqual(202, answer.status_code)
        self.assertNotIn("Idempotent-Replayed", answer.headers)

    def test_a_refusal_frees_the_token(self):
        self.assert_fault(self.reset("t", state="nonsense"), 400, "Invalid")
        self.assert_fault(self.reset("t", server=uuid.uuid4()), 404, "found")
        self.assertEqual([], self.rows())
        self.assertEqual(202, self.reset("t").status_code)

    def test_a_failure_is_stored_and_given_again(self):
        with mock.patch(
            "nova.objects.Instance.save", side_effect=RuntimeError("broken")
        ):
            first = self.reset("t")
        again = self.reset("t")
        self.assertEqual(500, first.status_code)
        self.assertEqual(500, again.status_code)
        self.assertEqual(first.content, again.content)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        self.assertNotIn("X-Client-Token-Expires", again.headers)

    def test_a_dead_worker_that_had_started_is_accepted(self):
        for point in (Point.AFTER_METHOD, Point.BEFORE_SETTLE):
            token = point.value
            reset = functools.partial(self.reset, token)
            self.left_by_a_dead_worker(point, reset)
            started = self.actions()
            answer = self.reset(token)
            self.assertEqual(202, answer.status_code)
            self.assertEqual("true", answer.headers["Idempotent-Replayed"])
            self.assertIn(answer.headers["X-Client-Token-Request-Id"], started)
            self.assertEqual(answer.content, self.reset(token).content)
            self.assertEqual(started, self.actions())

    def test_of_a_dead_worker_without_a_trace_nothing_is_known(self):
        self.left_by_a_dead_worker(
            Point.BEFORE_METHOD, lambda: self.reset("t")
        )
        for _ in range(2):
            answer = self.reset("t")
            self.assert_fault(answer, 409, "unknown")
            self.assertNotIn("Retry-After", answer.headers)
        self.assertEqual("unknown", self.rows()[0].state)
        self.assertEqual([], self.actions())
        self.assertEqual(202, self.reset("t2").status_code)

    def test_a_slow_worker_that_goes_on_is_found_out_later(self):
        answers = []

        def overtake(point):
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                self.change(lease_until=0)
                answers.append(self.reset("t"))

        points.arm(overtake)
        slow = self.reset("t")
        self.assert_fault(answers[0], 409, "unknown")
        self.assertEqual(202, slow.status_code)
        later = self.reset("t")
        self.assertEqual(202, later.status_code)
        self.assertEqual("true", later.headers["Idempotent-Replayed"])
        self.assertEqual(1, len(self.actions()))


globals().update(base.on_each_database(NotLinked))
