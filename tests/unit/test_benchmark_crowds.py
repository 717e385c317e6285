# SPDX-License-Identifier: Apache-2.0
"""The clients that crowds are made of, against a server of a few lines."""

from __future__ import annotations

import collections
from http import server
import threading
import traceback
import unittest

import sqlalchemy as sa

from benchmarks import clients
from benchmarks import inside
from benchmarks import stage
from benchmarks.crowd import Crowd


class _Server(server.ThreadingHTTPServer):
    """Tells each POST of a token but the first to come back, once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: collections.Counter[str | None] = collections.Counter()
        self.lock = threading.Lock()
        self.status = 200

    def told(self, token):
        with self.lock:
            self.asked[token] += 1
            return 202 if self.asked[token] > 3 else 409


class _Handler(server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        token = self.headers["X-Client-Token"]
        status = self.server.told(token) if token == "one" else 202
        self.send_response(status)
        if status == 409:
            self.send_header("Retry-After", "0")
        self.send_header("X-Client-Token-State", f"state-{status}")
        self.end_headers()
        if token != "one":
            self.server.told(token)

    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments):
        pass


class ClientsTestCase(unittest.TestCase):
    def setUp(self):
        self.server = _Server()
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.shutdown)
        self.port = self.server.server_port

    def test_a_crowd_comes_back_until_it_has_its_answer(self):
        crowd = Crowd(8, self.port, "caller", "one")
        crowd.wait_until_told(8)
        told = crowd.done()
        self.assertEqual({"409 state-409": 3, "202 state-202": 8}, told)

    def test_each_client_asks_at_least_once_with_a_token_of_its_own(self):
        block = clients.ask(self.port, 4, "token", 0)
        self.assertEqual(4, len(block.seconds))
        self.assertEqual(4, len(self.server.asked))
        self.assertNotIn(None, self.server.asked)

    def test_or_without_any(self):
        clients.ask(self.port, 3, "none", 0)
        self.assertEqual({None: 3}, self.server.asked)

    def test_as_many_gets_are_measured_as_are_asked_for(self):
        self.assertEqual(5, len(stage.idle(self.port, 5).seconds))

    def test_a_get_that_fails_is_no_measurement(self):
        self.server.status = 500
        with self.assertRaisesRegex(RuntimeError, "answered with 500"):
            stage.idle(self.port, 1)


class InsideTestCase(unittest.TestCase):
    def setUp(self):
        self.heights = []
        self.inside = inside.Inside(self.application)

    def application(self, environ, start_response):
        self.heights.append(len(traceback.extract_stack()))
        return [b"answer"]

    def ask(self, path, **headers):
        environ = {"PATH_INFO": path, **headers}
        return b"".join(self.inside(environ, lambda *_: None))

    def test_it_tells_the_cpu_and_the_statements_of_its_process(self):
        before = float(self.ask(inside.CPU))
        with sa.create_engine("sqlite://").connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        self.assertEqual(b"1", self.ask(inside.STATEMENTS))
        self.assertGreaterEqual(float(self.ask(inside.CPU)), before)
        self.assertEqual([], self.heights)

    def test_all_else_is_served_as_deep_as_asked(self):
        self.assertEqual(b"answer", self.ask("/servers"))
        self.ask("/servers", HTTP_X_DEPTH="9")
        self.assertEqual(9, self.heights[1] - self.heights[0])


if __name__ == "__main__":
    unittest.main()
