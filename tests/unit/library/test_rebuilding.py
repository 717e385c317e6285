# SPDX-License-Identifier: Apache-2.0
"""Answers that are made again from all that a request has made."""

from __future__ import annotations

import typing as ty

import testtools
import webob

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.protocol.record import Resource

_THERE = {
    "/halls/h%2F1/rooms/1": {"room": {"id": "1", "name": "a", "doors": [2]}},
    "/halls/h%2F1/rooms/2": {"room": {"id": "2", "name": "b", "doors": []}},
    "/halls/h%2F1/rooms/4": {
        "room": {"id": "4", "name": "d", "floor": 0, "lit": False}
    },
    "/tags": {"tags": ["old", "new"], "rooms": [{"name": "a"}], "keys": None},
}


def _case(body: ty.Any, *ids: str) -> Case:
    def get(path: str) -> webob.Response | None:
        shown = _THERE.get(path)
        return shown and webob.Response(json_body=shown)

    return Case(
        webob.Request.blank("/", method="POST", json_body=body),
        [Resource("room", id_, id_) for id_ in ids],
        {"hall_id": "h/1"},
        get,
    )


class PartsTest(testtools.TestCase):
    """What belongs to a resource, which is committed before it."""

    def rebuilt(self, **body: ty.Any) -> ty.Any:
        rebuild = rebuilding.shown("/tags", parts=("tags", "rooms", "keys"))
        return rebuild(_case(body, "1"))

    def test_all_that_was_asked_for_is_there(self):
        bodies: tuple[dict[str, ty.Any], ...] = (
            {}, {"tags": None}, {"tags": []}, {"tags": ["new"]},
            {"tags": ["new", "new"]}, {"rooms": [{"name": "a"}]},
            {"rooms": {"a": {"doors": []}}}, {"others": ["x"]},
        )  # fmt: skip
        for body in bodies:
            answer = self.rebuilt(**body)
            self.assertEqual(201, answer.status_int, str(body))

    def test_something_is_missing(self):
        bodies: tuple[dict[str, ty.Any], ...] = (
            {"tags": ["newer"]}, {"tags": ["new", "newer"]},
            {"rooms": [{"name": "a"}, {"name": "b"}]}, {"rooms": {"b": {}}},
            {"keys": ["k"]},
        )  # fmt: skip
        for body in bodies:
            self.assertIsNone(self.rebuilt(**body), str(body))


class WholeTest(testtools.TestCase):
    def rebuilt(self, body: ty.Any, *ids: str, **how: ty.Any) -> ty.Any:
        rebuild = rebuilding.whole("/halls/{hall_id}/rooms", **how)
        return rebuild(_case(body, *ids))

    def test_one(self):
        answer = self.rebuilt({"room": {"name": "a", "doors": [2]}}, "1")
        self.assertEqual(201, answer.status_int)
        self.assertEqual(
            {"room": {"id": "1", "name": "a", "doors": [2]}}, answer.json
        )

    def test_several_in_the_order_in_which_they_were_made(self):
        body = {"rooms": [{"name": "b"}, {"name": "a"}]}
        answer = self.rebuilt(body, "2", "1")
        shown = [room["name"] for room in answer.json["rooms"]]
        self.assertEqual(["b", "a"], shown)

    def test_a_list_of_one(self):
        answer = self.rebuilt({"rooms": [{"name": "b"}]}, "2")
        self.assertEqual(1, len(answer.json["rooms"]))

    def test_not_without_what_was_asked_for(self):
        for body, *ids in (
            ({"rooms": [{"name": "a"}, {"name": "b"}]}, "1"),
            ({"room": {"name": "a"}}, "1", "2"),
            ({"room": {"name": "b", "doors": [2]}}, "2"),
            ({"room": {"name": "a", "doors": [2, 3]}}, "1"),
            ({"room": {"name": "c"}}, "3"),
            ({"room": {"name": "a"}, "more": 1}, "1"),
        ):
            self.assertIsNone(self.rebuilt(body, *ids), str(body))

    def test_not_before_each_is_complete(self):
        body = {"rooms": [{"name": "a"}, {"name": "b"}]}
        for complete, there in ((bool, True), (lambda r: r["doors"], False)):
            answer = self.rebuilt(body, "1", "2", complete=complete)
            self.assertEqual(there, answer is not None)

    def test_what_is_0_or_switched_off_is_there(self):
        body = {"room": {"name": "d", "floor": "0", "lit": "no"}}
        self.assertIsNotNone(self.rebuilt(body, "4"))

    def test_what_is_not_shown_counts_as_there(self):
        body = {"room": {"name": "b", "doors": [], "key": "secret"}}
        self.assertIsNotNone(self.rebuilt(body, "2"))


class PartTest(testtools.TestCase):
    def left(
        self, there: ty.Any, change: ty.Any, body: ty.Any = None
    ) -> ty.Any:
        req = webob.Request.blank("/", method="POST", json_body=body)
        case = Case(req, [Resource("room", "1", "1")], {}, lambda _: None)
        found = change(case, webob.Response(json_body=there))
        return found and found.json

    def test_the_names_that_are_there(self):
        change = rebuilding.part("room", "id", "name")
        there = {"room": {"id": "1", "doors": 2}}
        self.assertEqual({"room": {"id": "1"}}, self.left(there, change))

    def test_not_before_the_last_transaction(self):
        change = rebuilding.part("room", "id", last="since")
        for since, left in ((None, None), ("now", {"room": {"id": "1"}})):
            there = {"room": {"id": "1", "since": since}}
            self.assertEqual(left, self.left(there, change))

    def test_what_was_asked_for_and_more(self):
        change = rebuilding.part("lock", "id", asked=True)
        body, lock = {"lock": {"kind": "bolt"}}, {"id": 1, "kind": "bolt"}
        for there in (lock | {"of": 2}, {"lock": lock | {"of": 2}}):
            self.assertEqual(
                {"lock": {"kind": "bolt", "id": 1}},
                self.left(there, change, body),
            )

    def test_not_without_what_was_asked_for(self):
        change = rebuilding.part("lock", asked=True)
        body = {"lock": {"kind": "bolt", "key": 1}}
        self.assertIsNone(self.left({"lock": {"kind": "bolt"}}, change, body))
