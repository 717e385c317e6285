# SPDX-License-Identifier: Apache-2.0
"""Protocol section 8: a look-up that waits until the request has ended."""

from __future__ import annotations

import threading
import typing as ty

import fixtures
import webob

from nova.idempotency import service
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional.looking_up import Looks
from tests.functional.looking_up import PATH


class Waits(Looks, base.TestCase):
    """With ``wait``: until the request has ended, if there is a place."""

    options: ty.ClassVar[dict[str, ty.Any]] = {"wait_timeout": 30}

    def look_in(self, token=None, query="", multithread=True):
        """Look up in a server that has other threads, or has none."""
        request = webob.Request.blank(
            f"/v2.1{PATH}?{query}",
            headers={
                "X-Auth-User": self.api.auth_user,
                "X-Auth-Project-Id": self.api.project_id,
                "X-Roles": "reader,member",
                "X-Client-Token": token,
            },
        )
        request.environ["wsgi.multithread"] = multithread
        return request.get_response(self.api_fixture.app())

    def meanwhile(self, query, **how):
        """Look up while the request runs; return what is told, and a thread.

        The thread looks up, and the request goes on as soon as it waits.
        """
        answers = []
        room = service.from_configuration()._engine._room
        enter = room.enter
        waits = threading.Event()

        def entered():
            result = enter()
            waits.set()
            return result

        self.useFixture(fixtures.MockPatchObject(room, "enter", entered))

        def look():
            answers.append(self.look_in("t", query, **how))
            waits.set()

        thread = threading.Thread(target=base.elsewhere, args=(look,))

        def come(point):
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                thread.start()
                self.assertTrue(waits.wait(30))

        points.arm(come)
        self.assertEqual(202, self.boot("t").status_code)
        thread.join(30)
        (answer,) = answers
        (use,) = answer.json["client_tokens"]
        return use["state"], answer.headers.get("Retry-After")

    def test_until_the_end(self):
        self.assertEqual(("succeeded", None), self.meanwhile("wait=20"))

    def test_not_without_being_asked(self):
        self.assertEqual(("running", "1"), self.meanwhile(""))

    def test_the_more_look_the_later_they_come_back(self):
        room = service.from_configuration()._engine._room
        # All within one second, however long it takes here.
        self.useFixture(
            fixtures.MockPatchObject(room, "_monotonic", lambda: 0.0)
        )
        told: list[str] = []

        def come(point):
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                looks = [self.look_in("t") for _ in range(5)]
                looks.append(self.look())
                told.extend(look.headers["Retry-After"] for look in looks)

        points.arm(come)
        self.assertEqual(202, self.boot("t").status_code)
        self.assertEqual([*"111112"], told)

    def test_one_that_may_not_wait_is_told_at_once(self):
        self.configure(max_waiting=0)
        self.start_api()
        self.assertEqual(("running", "1"), self.meanwhile("wait=20"))

    def test_nor_one_in_a_process_with_one_thread(self):
        told = self.meanwhile("wait=20", multithread=False)
        self.assertEqual(("running", "1"), told)

    def test_no_longer_than_a_retry(self):
        self.configure(wait_timeout=0)
        self.start_api()
        self.assertEqual(("running", "1"), self.meanwhile("wait=20"))
