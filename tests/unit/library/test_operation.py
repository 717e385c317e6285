# SPDX-License-Identifier: Apache-2.0
"""Which row of a table a request asks for."""

from __future__ import annotations

import ddt
import testtools

from openstack_idempotency.middleware import operation
from openstack_idempotency.middleware import rows
from openstack_idempotency.middleware.operation import Operation

_TABLE = operation.Table([
    Operation("/rooms"),
    Operation("/rooms/{room_id}/doors"),
    Operation("/lobby", left_out="it only reads"),
    *rows.actions("/rooms/{room_id}/action", "paint clean", why="by hand"),
    *rows.actions("/rooms/action", "paint", left_out="it only reads"),
])  # fmt: skip


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
