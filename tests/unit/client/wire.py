# SPDX-License-Identifier: Apache-2.0
"""What is sent to the small cloud, and what becomes of it on its way."""

from __future__ import annotations

import dataclasses
from email.message import Message
import enum
import http.server
import json
import socket
import time
import typing as ty
import urllib.parse

import fixtures

if ty.TYPE_CHECKING:
    from tests.unit.client.cloud import Cloud


#: Seconds after which a test gives up, on a busy machine, too; none waits so
#: long.
SOON = 300


class Loss(enum.Enum):
    """What happens to a POST on its way."""

    REQUEST = "it never arrives; the connection is dropped"
    ANSWER = "it runs; the connection is dropped"
    HALF = "it runs; half of the answer arrives"
    HALF_HEAD = "it runs; half of the answer's head arrives"
    HELD = "it runs; no answer until the test lets it go"


@dataclasses.dataclass(frozen=True)
class Gateway:
    """A proxy's own answer, in the place of the service's."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Spoken:
    """The service's answer with a state, in the place of running it."""

    status: int
    state: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Request:
    """What the cloud was asked."""

    method: str
    path: str
    query: str
    headers: Message
    body: ty.Any

    @property
    def token(self) -> str | None:
        return self.headers["X-Client-Token"]

    @property
    def attempt(self) -> str | None:
        return self.headers["X-Client-Token-Attempt"]


def handler(cloud: Cloud) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or "{}")
            path, _, query = self.path.partition("?")
            request = Request(self.command, path, query, self.headers, body)
            cloud.requests.append(request)
            loss = cloud.loss(request)
            if loss is Loss.REQUEST:
                return
            if isinstance(loss, Gateway):
                self._write(loss.status, dict(loss.headers), b"from a proxy")
                return
            if isinstance(loss, Spoken):
                status, headers, answer = cloud.spoken(request, loss)
            else:
                status, headers, answer = cloud.answer(request)
            text = b"" if answer is None else json.dumps(answer).encode()
            if loss is Loss.ANSWER:
                return
            if loss is Loss.HELD:
                cloud.held.set()
                cloud.let_go.wait(SOON)
            if loss is Loss.HALF_HEAD:
                self.wfile.write(f"HTTP/1.1 {status} OK\r\nConten".encode())
                return
            self._write(status, headers, text, half=loss is Loss.HALF)

        def _write(
            self,
            status: int,
            headers: dict[str, str],
            text: bytes,
            half: bool = False,
        ) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text[: len(text) // 2] if half else text)
            except (BrokenPipeError, ConnectionResetError):
                """Nobody waits for it any more."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(
                (timestamp or time.time()) + cloud.ahead
            )

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *args: ty.Any) -> None:
            """Stay silent: the test's output is not a server log."""

    return Handler


class Nowhere(fixtures.Fixture):
    """An address at which nobody listens while the test runs.

    Its port is taken, so that nobody else begins to listen there.
    """

    def _setUp(self) -> None:
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{taken.getsockname()[1]}"


def query(request: Request) -> dict[str, str]:
    """Return what a request's query asks."""
    return dict(urllib.parse.parse_qsl(request.query))
