# SPDX-License-Identifier: Apache-2.0
"""The protocol, with share networks."""

from __future__ import annotations

import uuid

import webob

from tests.services import protocol
from tests.services.manila import base
from tests.services.world import Caller


class _Simple(base.ManilaTestCase):
    path = "/share-networks"


class RefusedTest(_Simple, protocol.Refused):
    pass


class ScopeTest(_Simple, protocol.Scope):
    def test_with_a_project_before_it_the_path_is_the_same_target(self):
        # As Manila wants its ids to be.
        caller = Caller(project=uuid.uuid4().hex)
        first = self.once(caller=caller)
        path = f"/{caller.project}{self.asked.path}"
        body, headers = self.asked.body, self.samples[self.path].headers
        again = self.send("POST", path, body, "t", caller, **headers)
        self.assertEqual("replayed", self.state(again), again.text)
        self.assertEqual(first.body, again.body)

    def test_another_version_is_another_request(self):
        self.once()
        (name,) = self.newest()
        answer = self.once("t", None, **{name: "2.51"})
        self.assertEqual("different", self.state(answer))


class PassingTest(_Simple, protocol.Passing):
    def forget(self, req: webob.Request) -> None:
        del req.headers["X-User-Id"]


class BodiesTest(_Simple, protocol.Bodies):
    pass


class LookUpTest(_Simple, protocol.LookUp):
    pass
