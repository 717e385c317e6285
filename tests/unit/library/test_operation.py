# SPDX-License-Identifier: Apache-2.0
"""Which row of a table a request asks for."""

from __future__ import annotations

import typing as ty

import ddt
import fixtures
import testtools
import webob

from openstack_idempotency.middleware import operation
from openstack_idempotency.middleware import rows
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.protocol import errors

_TABLE = operation.Table([
    Operation("/rooms"),
    Operation("/rooms/{room_id}/doors"),
    Operation("/lobby", left_out="it only reads"),
    *rows.actions("/rooms/{room_id}/action", "paint clean", why="by hand"),
    *rows.actions("/rooms/action", "paint", left_out="it only reads"),
])  # fmt: skip

_CASE = operation.Case(
    webob.Request.blank("/", method="POST", json_body={"rooms": ["secret"]}),
    [],
    {"id": "secret"},
    lambda path: None,
)


@ddt.ddt
class TableTest(testtools.TestCase):
    def test_a_path_without_actions(self):
        row, named = _TABLE.find("/rooms/1/doors", b'{"paint": 1}')
        self.assertEqual("POST /rooms/{room_id}/doors", str(row))
        self.assertEqual({"room_id": "1"}, named)
        self.assertTrue(_TABLE.takes("/rooms/1/doors"))

    def test_an_action_is_the_only_key_of_the_body(self):
        self.assertTrue(_TABLE.takes("/rooms/1/action"))
        row, named = _TABLE.find("/rooms/1/action", b'{"clean": {"a": 1}}')
        self.assertEqual("/rooms/{room_id}/action clean", row.name)
        self.assertEqual({"room_id": "1"}, named)

    def test_the_same_action_of_another_path(self):
        row, _ = _TABLE.find("/rooms/action", b'{"paint": null}')
        self.assertEqual("it only reads", row.left_out)

    def test_what_takes_no_token_whatever_the_body_is(self):
        self.assertFalse(_TABLE.takes("/lobby"))
        self.assertTrue(_TABLE.takes("/rooms/action"))
        self.assertTrue(_TABLE.takes("/cellar"))

    @ddt.data(
        b"", b"{", b"{}", b"[]", b'"paint"', b"1", b'{"burn": 1}',
        b'{"paint": 1, "clean": 1}', b"[" * 100_000, b"\xff",
    )  # fmt: skip
    def test_bodies_that_name_no_action(self, body):
        row, named = _TABLE.find("/rooms/1/action", body)
        self.assertEqual((operation.OTHER, {}), (row, named))
        self.assertIsNone(row.left_out)


@ddt.ddt
class RebuiltTest(testtools.TestCase):
    """An answer that cannot be made again is lost, and raises nothing."""

    def rebuilt(self, rebuild: ty.Any) -> ty.Any:
        return Operation("/rooms", rebuild=rebuild).rebuilt(_CASE)

    def test_an_answer(self):
        answer = webob.Response()
        self.assertIs(answer, self.rebuilt(lambda case: answer))

    def test_an_operation_that_cannot(self):
        self.assertIsNone(self.rebuilt(None))

    @ddt.data(
        lambda case: case.req.json["room"],
        lambda case: case.resources[0],
        lambda case: webob.Response(body=b"<html>").json,
        lambda case: case.req.json["rooms"].items(),
        lambda case: case.named["id"] + None,
    )
    def test_what_is_shown_has_another_form(self, rebuild):
        log = self.useFixture(fixtures.FakeLogger())
        self.assertIsNone(self.rebuilt(rebuild))
        self.assertIn("POST /rooms", log.output)
        self.assertNotIn("secret", log.output)

    def test_a_service_that_cannot_tell_is_asked_again_later(self):
        def rebuild(case):
            raise errors.Unavailable

        self.assertRaises(errors.Unavailable, self.rebuilt, rebuild)
