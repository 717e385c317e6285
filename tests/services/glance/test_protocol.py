# SPDX-License-Identifier: Apache-2.0
"""The protocol, with images."""

from __future__ import annotations

import typing as ty

import webob

from openstack_idempotency.engine.points import Point
from tests.services import protocol
from tests.services.glance import base


class _Simple(base.GlanceTestCase):
    path = "/images"


class RefusedTest(_Simple, protocol.Refused):
    def test_errors_have_the_form_that_is_asked_for(self):
        self.once()
        # All but the body and, with it, the length.
        for accepted in ("*/*", "text/html", "application/json", "text/plain"):
            own = self.send("POST", "/none", {}, Accept=accepted)
            other = self.asked.other
            ours = self.send("POST", self.path, other, "t", Accept=accepted)
            self.assertEqual((404, 422), (own.status_int, ours.status_int))
            self.assertEqual(own.content_type, ours.content_type)
            if accepted == "application/json":
                self.assertEqual(set(own.json), set(ours.json))
                self.assertEqual(ours.status, ours.json["code"])


class ScopeTest(_Simple, protocol.Scope):
    def test_each_version_of_the_api_is_the_same_target(self):
        """Glance's own filter makes one path of them."""
        self.once()
        req = self.world.request("POST", self.path, **{"X-Client-Token": "t"})
        req.path_info = "/v2.16/images"
        req.json_body = self.asked.body
        answer = self.world.send(req)
        self.assertEqual("replayed", self.state(answer), answer.text)

    def test_headers_that_say_what_is_done_are_part_of_the_request(self):
        for path, name, value in (
            ("/metadefs/namespaces/{namespace}/tags", "X-Openstack-Append",
             "true"),
            ("/images/{image_id}/import", "X-Image-Meta-Store", "fs"),
        ):  # fmt: skip
            wanted = self.wanted(path)
            first = self.post(path, wanted, path, **{name: value})
            self.assertLess(first.status_int, 300, first.text)
            again = self.post(path, wanted, path, **{name: value})
            self.assertEqual("replayed", self.state(again))
            other = self.post(path, wanted, path)
            self.assertEqual("different", self.state(other))


def _chosen(request_id: str) -> dict[str, ty.Any]:
    return {"X-Openstack-Request-Id": request_id}


class RequestIdTest(_Simple, protocol.Simple):
    def test_one_that_the_client_chose_is_given_as_it_was_sent(self):
        """Glance puts req- before it, in the header of its answer alone."""
        first, again = (
            self.once(**_chosen(one)) for one in ("mine", "another")
        )
        own = "x-openstack-request-id"
        self.assertEqual("req-mine", first.headers[own])
        self.assertEqual("req-another", again.headers[own])
        self.assertEqual("mine", again.headers["X-Client-Token-Request-Id"])

    def test_the_same_one_twice_is_no_harm(self):
        chosen = _chosen("req-mine")
        self.left_by_a_dead_worker(
            Point.BEFORE_SETTLE, lambda: self.once(**chosen)
        )
        with self.effects() as seen:
            states = [self.state(self.once(**chosen)) for _ in range(2)]
        self.assertEqual([], seen)
        self.assertEqual(["rebuilt", "rebuilt"], states)


class PassingTest(_Simple, protocol.Passing):
    def forget(self, req: webob.Request) -> None:
        del req.headers["X-Identity-Status"]


class BrowsersTest(_Simple, protocol.Browsers):
    pass


class MisplacedTest(_Simple, protocol.Misplaced):
    pass


class BodiesTest(_Simple, protocol.Bodies):
    pass


class LookUpTest(_Simple, protocol.LookUp):
    pass
