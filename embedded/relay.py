# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy that withholds one API's answers to POST.

So a client can be killed at the one moment that matters: the API has the
request, and the client has not one byte of the answer. It is a proxy, so
that the client's command and endpoints are the same as ever.
"""

from __future__ import annotations

import http.client
import http.server
import threading
from types import TracebackType
import typing as ty

from embedded import forwarding
from embedded.ports import HOST

# How long the API may take.
SECONDS = 60


class Relay:
    """A relay on a free port; leaving the context releases and ends it.

    :param withheld: host and port of the API whose answers to POST wait.
    :param posted: how the paths of these POSTs end: who asks keystone logs in
        by a POST, too
    """

    def __init__(self, withheld: str, posted: str = "") -> None:
        self.withheld = withheld
        self.posted = posted
        self.passed_on = threading.Event()
        self.released = threading.Event()
        self._server = _Server((HOST, 0), self)

    def __enter__(self) -> ty.Self:
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.released.set()
        self._server.shutdown()
        # Waits for the API to finish what it was given.
        self._server.server_close()

    def variables(self) -> dict[str, str]:
        """Return the environment that sends a client through the relay."""
        return {
            "http_proxy": f"http://{HOST}:{self._server.server_port}",
            "no_proxy": "",
            "NO_PROXY": "",
        }

    def wait_until_passed_on(self, seconds: float) -> None:
        """Wait until the API was given a POST.

        :raises TimeoutError: when no POST came.
        """
        if not self.passed_on.wait(seconds):
            raise TimeoutError(f"no POST passed the relay in {seconds} s")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], relay: Relay) -> None:
        super().__init__(address, _Handler)
        self.relay = relay


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._give_back(self._pass_on()[1])

    def do_POST(self) -> None:
        relay = self.server.relay
        where, upstream = self._pass_on()
        if where == relay.withheld and self.path.endswith(relay.posted):
            relay.passed_on.set()
            relay.released.wait()
        self._give_back(upstream)

    def _pass_on(self) -> tuple[str, http.client.HTTPConnection]:
        """Return where it was sent, and the way that its answer comes by."""
        where, path = forwarding.asked(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return where, forwarding.forward(
            where, self.command, path, self.headers, body, seconds=SECONDS
        )

    def _give_back(self, upstream: http.client.HTTPConnection) -> None:
        answer = upstream.getresponse()
        body = answer.read()
        upstream.close()
        try:
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in forwarding.HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet: the API has its own log."""
