# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3: few wait for a running request, and others are served.

Through a real server with a fixed number of threads, as operators have it.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import http.client
import json
import threading
import time

from oslo_utils import importutils
import webob

from nova.idempotency import service
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from testing.nova import releases
from tests.functional.looking_up import PATH

# The environments of older releases do not have it.
waitress = importutils.try_import("waitress.server")

HOST = "127.0.0.1"
THREADS = 16
RETRIES = 40
LOOKS = 100
# Seconds after which a request counts as not answered. Nothing waits so long
# unless it waits for what the test lets go at its end.
NEVER = 60


@contextlib.contextmanager
def served(app):
    """Serve an application on threads; yield the port."""
    made = waitress.create_server(
        app, host=HOST, port=0, threads=THREADS, map={}
    )
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield made.effective_port
    finally:
        made.close()
        made.task_dispatcher.shutdown()


class Waiting(base.Mixin):
    """Retries of a request that does not end until the test says so."""

    options = {"wait_timeout": 2 * NEVER, "lease": 5 * NEVER}
    places = 3

    def setUp(self):
        if waitress is None:
            self.skipTest("no waitress is installed")
        super().setUp()
        self.configure(max_waiting=self.places)
        self.start_api()
        self.boot()  # what the first boot of all sets up is not the subject
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def hold(self):
        """Hold the next request that runs, until the test lets it go."""

        def hold(point):
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                self.begun.set()
                self.go_on.wait(2 * NEVER)

        points.arm(hold)

    def send(self, port, method="POST", path="/servers", token="t"):
        """Send a request; return its status and what it tells."""
        headers = {
            "Content-Type": "application/json",
            "X-Auth-User": "fake",
            "X-Auth-Project-Id": self.api.project_id,
            "X-Roles": "reader,member",
            "OpenStack-API-Version": f"compute {self.microversion}",
        }
        if token is not None:
            headers["X-Client-Token"] = token
        body = json.dumps(self.server()) if method == "POST" else None
        connection = http.client.HTTPConnection(HOST, port, timeout=NEVER)
        with contextlib.closing(connection):
            connection.request(method, f"/v2.1{path}", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read() or "{}")
        if path.startswith(PATH):
            (use,) = told["client_tokens"]
            return answer.status, use["state"]
        return answer.status, answer.getheader("X-Client-Token-State")

    def crowd(self, send, count):
        """Let a crowd wait for a request; return what each got at its end.

        :param send: sends one of them to a port
        :param count: how many come
        """
        self.hold()
        app = self.api_fixture.app()
        with (
            served(app) as port,
            concurrent.futures.ThreadPoolExecutor(count + 1) as pool,
        ):
            # Let go before the pool waits for what was sent, come what may.
            with contextlib.ExitStack() as held:
                held.callback(self.go_on.set)
                first = pool.submit(self.send, port)
                self.assertTrue(self.begun.wait(NEVER))
                others = [pool.submit(send, port) for _ in range(count)]
                # While they come, and the first one still runs:
                another = self.send(port, "GET", "/flavors", None)
                self.assertEqual((200, None), another)
                at_once = []
                for done in concurrent.futures.as_completed(others, NEVER):
                    at_once.append(done.result())
                    if len(at_once) == count - self.places:
                        break
                self.assertEqual({"running"}, {told for _, told in at_once})
                another = self.send(port, "GET", "/flavors", None)
                self.assertEqual((200, None), another)
                self.assertFalse(first.done())
            self.assertEqual((202, "executed"), first.result())
        return [other.result() for other in others]

    def test_all_but_a_few_are_answered_at_once(self):
        got = self.crowd(self.send, RETRIES)
        self.assertEqual(self.places, got.count((202, "replayed")))
        self.assertEqual(RETRIES - self.places, got.count((409, "running")))
        self.assertEqual(2, len(self.servers()))

    def test_so_are_look_ups(self):
        def look(port):
            return self.send(port, "GET", f"{PATH}?wait={2 * NEVER}")

        got = self.crowd(look, LOOKS)
        self.assertEqual(self.places, got.count((200, "succeeded")))
        self.assertEqual(LOOKS - self.places, got.count((200, "running")))


globals().update(
    base.on_each_database(
        Waiting, [one for one in releases.CONCURRENT if one != "postgresql"]
    )
)


class Impatient:
    """A clock whose users die rather than wait."""

    monotonic = staticmethod(time.monotonic)

    def sleep(self, seconds):
        raise base.Died


class OneAtATime(base.TestCase):
    """A process that serves one request at a time lets none wait."""

    options = {"wait_timeout": 30, "max_waiting": 10}

    def setUp(self):
        super().setUp()
        engine = service.from_configuration()._engine
        engine.parts = dataclasses.replace(engine.parts, clock=Impatient())

    def send(self, multithread):
        """Send the request to a server of this kind."""
        request = webob.Request.blank(
            "/v2.1/servers",
            method="POST",
            json=self.server(),
            headers={
                "X-Auth-User": "fake",
                "X-Auth-Project-Id": self.api.project_id,
                "X-Roles": "reader,member",
                "OpenStack-API-Version": f"compute {self.microversion}",
                "X-Client-Token": "t",
            },
        )
        request.environ["wsgi.multithread"] = multithread
        return request.get_response(self.api_fixture.app())

    def meanwhile(self, multithread):
        """Send a retry while the first one runs; return what it gets."""
        seen = []

        def retry(point):
            if point is not Point.BEFORE_METHOD:
                return
            points.arm(None)
            try:
                seen.append(base.elsewhere(lambda: self.send(multithread)))
            except base.Died:
                seen.append("waits")

        points.arm(retry)
        self.assertEqual(202, self.send(multithread=True).status_int)
        return seen[0]

    def test_it_is_told_at_once(self):
        answer = self.meanwhile(multithread=False)
        self.assertEqual(409, answer.status_int)
        self.assertEqual("running", answer.headers["X-Client-Token-State"])
        self.assertEqual("1", answer.headers["Retry-After"])

    def test_with_threads_it_waits(self):
        self.assertEqual("waits", self.meanwhile(multithread=True))
