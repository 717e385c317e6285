# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3: what each answer tells by its headers, in each state."""

from __future__ import annotations

import time
import typing as ty
from unittest import mock

from oslo_db import exception as db_exc

from nova import exception
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.evidence import Evidence
from testing.nova import base
from tests.functional import conducting
from tests.functional import existing

CAST = "nova.conductor.api.ComputeTaskAPI.schedule_and_build_instances"
# Seconds after which the same request is worth sending again.
AGAIN = {
    Verdict.RUNNING: "1",
    Verdict.TAKEN_OVER: "1",
    Verdict.UNAVAILABLE: "1",
    Verdict.TOO_MANY: "60",
}


class States(existing.Existing, conducting.Conducting, base.TestCase):
    """There is a test for each state, named after it."""

    options: ty.ClassVar[dict[str, ty.Any]] = {"wait_timeout": 0}

    def servers(self):
        """Return the ids of the servers that the tests made."""
        return [one for one in super().servers() if one != self.server_id]

    def assert_told(
        self, answer, state, status, earlier=None, *, token="t", expires=False
    ):
        """Assert all that an answer tells of its token.

        :param earlier: the id of the earlier request that it speaks of
        """
        told = answer.headers
        self.assertEqual(status, answer.status_code, answer.content)
        self.assertEqual(state.value, told["X-Client-Token-State"])
        self.assertEqual(token, told.get("X-Client-Token"))
        self.assertEqual(expires, "X-Client-Token-Expires" in told)
        self.assertEqual(AGAIN.get(state), told.get("Retry-After"))
        self.assertEqual(earlier, told.get("X-Client-Token-Request-Id"))
        again = (Verdict.REPLAYED, Verdict.REBUILT, Verdict.FAILED)
        replayed = "true" if earlier and state in again else None
        self.assertEqual(replayed, told.get("Idempotent-Replayed"))
        # By which a server's events are found, or what this one did.
        own = told["x-openstack-request-id"]
        answers = state in (Verdict.REPLAYED, Verdict.REBUILT)
        self.assertNotEqual(own, earlier)
        expected = earlier if answers else own
        self.assertEqual(expected, told["x-compute-request-id"])
        if state not in (Verdict.EXECUTED, *again, Verdict.INTERRUPTED):
            self.assert_fault(answer, status, "")

    def id_of(self, answer):
        return answer.headers["x-openstack-request-id"]

    def dead(self, point, send):
        """Let a worker die, and return the id of its request."""
        self.left_by_a_dead_worker(point, send)
        return self.rows()[-1].request_id

    def meanwhile(self, point, do):
        """Do something once, when a request comes to a point."""

        def come(reached):
            if reached is point:
                points.arm(None)
                base.elsewhere(do)

        points.arm(come)

    def test_executed(self):
        answer = self.boot("t")
        self.assert_told(answer, Verdict.EXECUTED, 202, expires=True)
        refused = self.boot("t2", flavorRef="no such flavor")
        self.assert_told(refused, Verdict.EXECUTED, 400, token="t2")

    def test_replayed(self):
        first = self.id_of(self.boot("t"))
        for _ in range(2):
            answer = self.boot("t")
            self.assert_told(
                answer, Verdict.REPLAYED, 202, first, expires=True
            )

    def test_rebuilt(self):
        first = self.dead(Point.AFTER_COMMIT, lambda: self.boot("t"))
        self.conductor_takes()
        for _ in range(2):
            answer = self.boot("t")
            self.assert_told(answer, Verdict.REBUILT, 202, first, expires=True)

    def test_interrupted(self):
        with mock.patch(CAST, side_effect=RuntimeError("no broker")):
            for _ in range(2):
                answer = self.boot("t")
                self.assert_told(answer, Verdict.INTERRUPTED, 500)
        self.assert_told(self.boot("t"), Verdict.EXECUTED, 202, expires=True)
        self.assertEqual(1, len(self.servers()))

    def test_running(self):
        answers = []
        self.meanwhile(
            Point.BEFORE_METHOD, lambda: answers.append(self.boot("t"))
        )
        first = self.id_of(self.boot("t"))
        self.assert_told(answers[0], Verdict.RUNNING, 409, first)

    def test_taken_over(self):
        answers = []

        def overtake():
            self.change(lease_until=0)
            answers.append(self.boot("t"))

        self.meanwhile(Point.BEFORE_METHOD, overtake)
        slow = self.boot("t")
        self.assert_told(answers[0], Verdict.EXECUTED, 202, expires=True)
        holder = self.id_of(answers[0])
        self.assert_told(slow, Verdict.TAKEN_OVER, 409, holder)

    def test_unavailable(self):
        store = "openstack_idempotency.sql.connections.Connections"
        down = db_exc.DBConnectionError()
        for name in ("statement", "transaction"):
            patch = mock.patch(f"{store}.{name}", side_effect=down)
            patch.start()
            self.addCleanup(patch.stop)
        self.assert_told(self.boot("t"), Verdict.UNAVAILABLE, 503)
        self.assertEqual([], self.servers())

    def test_too_many(self):
        self.configure(max_tokens=1)
        self.start_api()
        self.boot("t1")
        self.assert_told(self.boot("t"), Verdict.TOO_MANY, 429)

    def test_different(self):
        self.boot("t")
        self.assert_told(self.boot("t", name="vm2"), Verdict.DIFFERENT, 422)

    def test_expired(self):
        token = uuid7(time.time() - 2 * 86400)
        answer = self.boot(token)
        self.assert_told(answer, Verdict.EXPIRED, 412, token=token)
        self.assertEqual([], self.rows())
        young = self.boot(uuid7(time.time()))
        self.assertEqual(202, young.status_code)

    def test_forbidden(self):
        self.boot("t")
        fewer = {"X-Roles": "reader,member"}
        answer = self.post("/servers", self.server(), "t", **fewer)
        self.assert_told(answer, Verdict.FORBIDDEN, 403)

    def test_failed(self):
        save = "nova.objects.Instance.save"
        with mock.patch(save, side_effect=RuntimeError("broken")):
            first = self.reset("t")
        self.assert_told(first, Verdict.FAILED, 500)
        for _ in range(2):
            again = self.reset("t")
            self.assert_told(again, Verdict.FAILED, 500, self.id_of(first))
            self.assertEqual(first.content, again.content)

    def test_failed_with_something_left(self):
        # As Nova refuses where it has committed, and cannot clean up.
        quota = exception.OverQuota(overs="instances")
        with mock.patch(CAST, side_effect=quota):
            first = self.boot("t")
        self.assert_told(first, Verdict.FAILED, 403)
        again = self.boot("t")
        self.assert_told(again, Verdict.FAILED, 403, self.id_of(first))
        self.assertEqual(first.content, again.content)
        self.assertEqual(1, len(self.servers()))

    def test_failed_as_nova_recorded_it(self):
        first = self.dead(Point.BEFORE_METHOD, lambda: self.reset("t"))
        failed = mock.Mock(return_value=Evidence.FAILED)
        with mock.patch("nova.idempotency.traces.judge", failed):
            answer = self.reset("t")
        self.assert_told(answer, Verdict.FAILED, 500, first)
        self.assert_told(self.reset("t"), Verdict.FAILED, 500, first)
        self.assertEqual([], self.actions())

    def test_unknown(self):
        first = self.dead(Point.BEFORE_METHOD, lambda: self.reset("t"))
        for _ in range(2):
            answer = self.reset("t")
            self.assert_told(answer, Verdict.UNKNOWN, 409, first)

    def test_answer_lost(self):
        first = self.dead(Point.AFTER_COMMIT, lambda: self.boot("t"))
        self.api.delete_server(self.servers()[0])
        for _ in range(2):
            answer = self.boot("t")
            self.assert_told(answer, Verdict.ANSWER_LOST, 409, first)

    def test_invalid(self):
        ahead = uuid7(time.time() + 3600)
        for token in ("not a token", ahead):
            answer = self.boot(token)
            self.assert_told(answer, Verdict.INVALID, 400, token=None)
        deep = '{"a": ' * 700 + "1" + "}" * 700
        answer = self.post("/servers", deep, "t")
        self.assert_told(answer, Verdict.INVALID, 400, token=None)
        self.assertEqual([], self.rows())

    def test_each_state_has_a_test(self):
        for state in Verdict:
            name = f"test_{state.value.replace('-', '_')}"
            self.assertTrue(hasattr(self, name), state)


def uuid7(seconds: float) -> str:
    """Return a UUID of version 7 (RFC 9562, section 5.7).

    :param seconds: since the epoch
    """
    digits = f"{round(seconds * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-0123456789ab"
