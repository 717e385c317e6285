# SPDX-License-Identifier: Apache-2.0
"""A header that a client sends twice, through real WSGI servers.

Each server joins the two values in its own way, and a retry may reach another
server than the first request did.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import typing as ty
from wsgiref import simple_server

from oslo_utils import importutils

from testing.nova import base
from testing.nova import INSTALLED

# The environments of older releases have neither of the last two; Nova 31 is
# the last one that serves its API by the first.
green: ty.Any = None
eventlet: ty.Any = None
if INSTALLED <= 31:
    green = importutils.try_import("eventlet.greenthread")
    eventlet = importutils.try_import("eventlet.wsgi")
waitress = importutils.try_import("waitress.server")
serving = importutils.try_import("werkzeug.serving")

HOST = "127.0.0.1"
REPLAYED = "Idempotent-Replayed"


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *args: ty.Any) -> None:
        pass


@contextlib.contextmanager
def _wsgiref(app):
    with simple_server.make_server(HOST, 0, app, handler_class=_Quiet) as made:
        yield made.server_port, made.handle_request


@contextlib.contextmanager
def _werkzeug(app):
    made = serving.make_server(HOST, 0, app)
    try:
        yield made.server_port, made.handle_request
    finally:
        made.server_close()


@contextlib.contextmanager
def _waitress(app):
    made = waitress.create_server(app, host=HOST, port=0, threads=1, map={})
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield made.effective_port, lambda: None
    finally:
        made.close()
        made.task_dispatcher.shutdown()


@contextlib.contextmanager
def _eventlet(app):
    listener = socket.create_server((HOST, 0))
    server = green.spawn(
        eventlet.server, listener, app, log_output=False, keepalive=False
    )
    try:
        yield listener.getsockname()[1], lambda: None
    finally:
        server.kill()
        listener.close()


#: Servers by how they join the values of a repeated header.
SERVERS = {"wsgiref": (_wsgiref, ",")}
if waitress is not None:
    SERVERS["werkzeug"] = (_werkzeug, ",")
    SERVERS["waitress"] = (_waitress, ", ")
if eventlet is not None:
    SERVERS["eventlet"] = (_eventlet, ",")


class RepeatedHeader(base.TestCase):
    """Section 1: a token that is given twice is that token."""

    def send(self, name, fields):
        """Send a POST /servers to a server of its own; return the answer."""
        seen = []

        def app(environ, start_response):
            seen.append(environ.get("HTTP_X_CLIENT_TOKEN"))
            return self.api_fixture.app()(environ, start_response)

        body = json.dumps(self.server()).encode()
        lines = [
            "POST /v2.1/servers HTTP/1.1",
            f"Host: {HOST}",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "X-Auth-User: fake",
            f"X-Auth-Project-Id: {self.api.project_id}",
            "X-Roles: reader,member",
            f"OpenStack-API-Version: compute {self.microversion}",
            *fields,
        ]
        sent = "\r\n".join([*lines, "", ""]).encode() + body
        serve, _ = SERVERS[name]
        with (
            serve(app) as (port, handle),
            socket.create_connection((HOST, port), 30) as connection,
        ):
            connection.sendall(sent)
            handle()
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return seen, answer, answer.read()

    def test_twice_and_then_once_is_one_server(self):
        for name, (_, joint) in SERVERS.items():
            once = [f"X-Client-Token: {name}"]
            seen, first, made = self.send(name, once * 2)
            self.assertEqual([joint.join([name, name])], seen)
            self.assertEqual(202, first.status, made)
            for retrier in SERVERS:
                for times in (1, 2):
                    _, again, same = self.send(retrier, once * times)
                    self.assertEqual("true", again.getheader(REPLAYED))
                    self.assertEqual(made, same)
        self.assertEqual(len(SERVERS), len(self.servers()))

    def test_two_different_ones_are_refused(self):
        fields = ["X-Client-Token: a", "X-Client-Token: b"]
        for name in SERVERS:
            _, answer, said = self.send(name, fields)
            self.assertEqual(400, answer.status, said)
            self.assertIn(b"client token in X-Client-Token is not valid", said)
        self.assertEqual([], self.servers())
        self.assertEqual([], self.rows())

    def test_an_empty_one_is_refused(self):
        for name in SERVERS:
            for fields in (["X-Client-Token:"], ["X-Client-Token: "] * 2):
                _, answer, said = self.send(name, fields)
                self.assertEqual(400, answer.status, said)
        self.assertEqual([], self.servers())
