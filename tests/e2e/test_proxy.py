# SPDX-License-Identifier: Apache-2.0
"""HAProxy, set as the guide says: which requests it sends again by itself."""

from __future__ import annotations

import contextlib
import http.client
import http.server
from pathlib import Path
import tempfile
import threading
import unittest

from embedded import haproxy
from embedded import ports
from embedded.children import Children
from region import proxy

SECONDS = 60
PATIENCE = 3
HOSTS = ("silent", "quick")


class _Host(http.server.ThreadingHTTPServer):
    """Knows what came, and answers when it is told to."""

    def __init__(self) -> None:
        super().__init__((ports.HOST, 0), _Handler)
        self.came: list[str] = []
        self.go_on = threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Notes what comes, and answers when its host does."""

    server: _Host

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append(self.path)
        if self.server.go_on.wait(SECONDS):
            with contextlib.suppress(OSError):
                self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class ProxyTest(unittest.TestCase):
    def setUp(self) -> None:
        if missing := haproxy.missing():
            self.skipTest(missing)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.children = Children()
        self.addCleanup(self.children.stop)
        self.hosts = {name: self.host() for name in HOSTS}
        self.hosts["quick"].go_on.set()
        (self.port,) = ports.free(1)
        self.proxy = proxy.Proxy(
            folder,
            self.port,
            {name: host.server_port for name, host in self.hosts.items()},
            HOSTS,
            PATIENCE,
            retries=True,
        )
        self.proxy.start(self.children)
        self.proxy.wait_until_up()

    def host(self) -> _Host:
        host = _Host()
        threading.Thread(target=host.serve_forever, daemon=True).start()
        self.addCleanup(host.server_close)
        self.addCleanup(host.shutdown)
        self.addCleanup(host.go_on.set)
        return host

    def post(self, path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection(
            ports.HOST, self.port, timeout=SECONDS
        )
        named = {name.replace("_", "-"): v for name, v in headers.items()}
        with contextlib.closing(connection):
            connection.request("POST", path, b"{}", named)
            return connection.getresponse().status

    def both_hosts(self, path: str, **headers: str) -> set[int]:
        """POST twice, once to each host, as they come in turn."""
        return {self.post(path, **headers) for _ in HOSTS}

    def came(self, path: str) -> int:
        return sum(host.came.count(path) for host in self.hosts.values())

    def test_one_with_a_token_is_sent_to_the_other_host(self) -> None:
        path = "/with/servers"
        self.assertEqual({200}, self.both_hosts(path, X_Client_Token="t"))
        self.assertEqual(3, self.came(path))

    def test_one_without_is_not(self) -> None:
        self.assertEqual({200, 504}, self.both_hosts("/without/servers"))
        self.assertEqual(2, self.came("/without/servers"))

    def test_a_host_that_is_drained_gets_nothing_more(self) -> None:
        self.proxy.drain("silent")
        self.assertEqual({200}, self.both_hosts("/drained/servers"))
        self.assertEqual([], self.hosts["silent"].came)
        self.proxy.admit("silent")
        self.assertEqual({200, 504}, self.both_hosts("/back/servers"))
