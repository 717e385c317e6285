# SPDX-License-Identifier: Apache-2.0
"""Operations that are not linked, whose worker died: what Nova knows."""

from __future__ import annotations

from nova import objects
from nova.openstack.common.idempotency.points import Point
from tests.functional.operations import cloud

_ACTION = f"/servers/{cloud.SERVER}/action"


class Started(cloud.Cloud):
    """An action that Nova recorded is answered as accepted, no other one."""

    def setUp(self) -> None:
        super().setUp()
        self.server()

    def retried(self, path, body, point=Point.AFTER_METHOD):
        """Return the retry's answer after a worker has died at a point."""
        self.left_by_a_dead_worker(point, lambda: self.post(path, body, "t"))
        self.effects.taken()
        answer = self.post(path, body, "t")
        self.assertEqual([], self.effects.taken())
        return answer

    def assert_accepted(self, answer, status=202):
        self.assertEqual(status, answer.status_code, answer.content)
        self.assertEqual("true", answer.headers["Idempotent-Replayed"])
        self.assertEqual(b"", answer.content)

    def test_an_action_of_a_server(self):
        self.assert_accepted(self.retried(_ACTION, {"os-stop": None}))

    def test_an_action_by_the_servers_other_path(self):
        path = f"/os-volumes_boot/{cloud.SERVER}/action"
        self.assert_accepted(self.retried(path, {"os-stop": None}))

    def test_one_whose_status_is_200(self):
        self.assert_accepted(self.retried(_ACTION, {"rescue": {}}), 200)

    def test_the_deletion_of_a_server_that_is_gone(self):
        body = {"forceDelete": None}
        self.left_by_a_dead_worker(
            Point.AFTER_METHOD, lambda: self.post(_ACTION, body, "t")
        )
        with self.in_the_cell() as targeted:
            objects.Instance.get_by_uuid(targeted, cloud.SERVER).destroy()
        self.assert_accepted(self.post(_ACTION, body, "t"))

    def test_one_that_had_not_started(self):
        answer = self.retried(
            _ACTION, {"os-stop": None}, Point.BEFORE_METHOD
        )
        self.assert_fault(answer, 409, "unknown")

    def test_one_of_which_nova_records_nothing(self):
        path = f"/servers/{cloud.SERVER}/metadata"
        answer = self.retried(path, {"metadata": {"colour": "red"}})
        self.assert_fault(answer, 409, "unknown")

    def test_what_is_no_server_is_not_taken_for_one(self):
        # An id of something else, here the server's own, finds no action.
        self.aggregate()
        for path, body in (
            ("/os-aggregates/1/action", {"add_host": {"host": cloud.HOST}}),
            ("/os-volumes", {"volume": {"size": 1}}),
        ):
            self.api.microversion = "2.35"
            answer = self.retried(path, body)
            self.assert_fault(answer, 409, "unknown")
