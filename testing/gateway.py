# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy between real clients and one API, which does as it is told.

A client that goes through it by ``http_proxy`` has the same command and the
same endpoints as ever, and the user in that variable says who it is. To the
API itself (a client that knows no proxy) it looks like the API.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from email.message import Message
import http.client
import http.server
import threading
from types import TracebackType
import typing as ty

from embedded import forwarding
from embedded.ports import HOST
from testing.trouble import Exchange
from testing.trouble import PASS
from testing.trouble import Trouble
from testing.trouble import Where

# How long the API may take.
SECONDS = 120


class Director(ty.Protocol):
    """Says what happens to each request of the API."""

    def trouble(self, exchange: Exchange) -> Trouble:
        """Return what is to happen to a request.

        :param exchange: the request
        """

    def kill(self, exchange: Exchange) -> None:
        """Kill the client whose request it is; it is dead on return.

        :param exchange: the request
        """


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class Gateway:
    """The proxy, on a free port; leaving the context ends it.

    :param api: host and port of the API
    :param director: says what happens
    """

    def __init__(self, api: str, director: Director) -> None:
        self.api = api
        self.director = director
        # Requests that arrive late, by token.
        self.late: dict[str, list[threading.Event]] = {}
        self.late_ones: list[threading.Thread] = []
        self._server = _Server((HOST, 0), self)

    def __enter__(self) -> ty.Self:
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.let_all_arrive()
        self._server.shutdown()
        self._server.server_close()

    def let_all_arrive(self) -> None:
        """Pass on what is late and was never sent again; wait for it."""
        for events in [*self.late.values()]:
            for event in events:
                event.set()
        for thread in self.late_ones:
            thread.join()

    @property
    def url(self) -> str:
        """Where it looks like the API."""
        return f"http://{HOST}:{self._server.server_port}"

    def variables(self, who: str) -> dict[str, str]:
        """Return the environment that sends a client through it.

        :param who: the client
        """
        return {
            "http_proxy": f"http://{who}:-@{HOST}:{self._server.server_port}",
            "no_proxy": "",
            "NO_PROXY": "",
        }


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def __init__(self, address: tuple[str, int], gateway: Gateway) -> None:
        super().__init__(address, _Handler)
        self.gateway = gateway

    def handle_error(self, *_arguments: ty.Any) -> None:
        """Stay quiet about clients that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        gateway = self.server.gateway
        host, path = forwarding.asked(self.path)
        where = host or gateway.api
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        exchange = Exchange(
            _user(self.headers), self.command, path, self.headers, body
        )
        ours = where == gateway.api
        trouble = gateway.director.trouble(exchange) if ours else PASS
        self._go_through(exchange, where, trouble)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - as they are looked up

    def _go_through(
        self, exchange: Exchange, where: str, trouble: Trouble
    ) -> None:
        if trouble.where is Where.BEFORE:
            self._strike(exchange, trouble)
            return
        if trouble.where is Where.LATE:
            self._keep_for_later(exchange, where)
            self._strike(exchange, trouble)
            return
        upstream = self._pass_on(exchange, where)
        if trouble.where is Where.RUNNING:
            self._strike(exchange, trouble)
        answer = _answer(upstream)
        if trouble.where is Where.AFTER:
            self._strike(exchange, trouble)
        elif trouble.where is not Where.RUNNING:
            self._give(answer, trouble.share)
            self._strike(exchange, trouble)

    def _pass_on(
        self, exchange: Exchange, where: str
    ) -> http.client.HTTPConnection:
        connection = forwarding.forward(
            where, exchange.method, exchange.path, exchange.headers,
            exchange.body, seconds=SECONDS,
        )  # fmt: skip
        if exchange.method == "POST":
            # What is late follows its retry now.
            for event in self.server.gateway.late.pop(exchange.token, []):
                event.set()
        return connection

    def _keep_for_later(self, exchange: Exchange, where: str) -> None:
        """Pass a request on when the next one of its token has been."""
        retried = threading.Event()
        late = self.server.gateway.late
        late.setdefault(exchange.token, []).append(retried)

        def follow() -> None:
            retried.wait()
            _answer(self._pass_on(exchange, where))

        thread = threading.Thread(target=follow, daemon=True)
        self.server.gateway.late_ones.append(thread)
        thread.start()

    def _give(self, answer: Answer, share: float) -> None:
        """Give the client a share of the answer: all, half, its head."""
        head = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        head += [
            f"{name}: {value}"
            for name, value in answer.headers
            if name.lower() not in forwarding.HOP_BY_HOP
        ]
        text = "\r\n".join([*head, "Connection: close", "", ""]).encode()
        whole = text + answer.body
        # It may have gone away.
        with contextlib.suppress(OSError):
            self.wfile.write(whole[: round(len(whole) * share)])
            self.wfile.flush()

    def _strike(self, exchange: Exchange, trouble: Trouble) -> None:
        if trouble.kills:
            self.server.gateway.director.kill(exchange)
        trouble.end(self.connection, (self.rfile, self.wfile))

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet: the API has its own log."""


def _answer(connection: http.client.HTTPConnection) -> Answer:
    answer = connection.getresponse()
    try:
        return Answer(
            answer.status, answer.reason, answer.getheaders(), answer.read()
        )
    finally:
        connection.close()


def _user(headers: Message) -> str:
    _, _, coded = headers.get("Proxy-Authorization", "").partition(" ")
    return base64.b64decode(coded).decode().partition(":")[0]
