# SPDX-License-Identifier: Apache-2.0
"""A small cloud on a local port: identity, image, network and compute."""

import dataclasses
from email.message import Message
import http.server
import json
import threading
from typing import Any

import fixtures

SERVER = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a1111"
OTHER_SERVER = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a2222"
IMAGE = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a3333"
SERVICES = ("compute", "image", "network")


@dataclasses.dataclass(frozen=True)
class Request:
    """What the cloud was asked."""

    method: str
    path: str
    headers: Message
    body: Any

    @property
    def token(self) -> str | None:
        return self.headers["X-Client-Token"]


class Cloud(fixtures.Fixture):
    """Serves while the test runs, and records every request.

    :param knows_tokens: whether its compute API is one of ours.
    :param refusal: the status of each compute POST, when not a success.
    """

    def __init__(
        self, *, knows_tokens: bool = True, refusal: int | None = None
    ) -> None:
        self.knows_tokens = knows_tokens
        self.refusal = refusal
        self.requests: list[Request] = []
        self.first_uses: dict[tuple[str | None, str], str] = {}

    def _setUp(self) -> None:
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(self)
        )
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a client logs in."""
        return {
            "OS_AUTH_URL": f"{self.url}/identity/v3",
            "OS_USERNAME": "demo",
            "OS_PASSWORD": "secret",
            "OS_PROJECT_NAME": "demo",
        }

    def posts(self, service: str) -> list[Request]:
        return [
            request
            for request in self.requests
            if request.method == "POST"
            and request.path.startswith(f"/{service}/")
        ]

    def answer(self, request: Request) -> tuple[int, dict[str, str], Any]:
        if request.path.startswith("/identity"):
            return self._identity(request)
        if request.method == "POST" and request.path.startswith("/compute"):
            status, body = _operation(request)
            status = self.refusal or status
            return status, self._token_headers(request), body
        return 200, {}, _resource(request.path)

    def _token_headers(self, request: Request) -> dict[str, str]:
        request_id = f"req-{len(self.requests)}"
        headers = {"x-openstack-request-id": request_id}
        if not (self.knows_tokens and request.token) or _reads(request):
            return headers
        headers["X-Client-Token"] = request.token
        use = (request.token, request.path)
        if use in self.first_uses:
            headers["Idempotent-Replayed"] = "true"
            headers["X-Client-Token-Request-Id"] = self.first_uses[use]
        self.first_uses.setdefault(use, request_id)
        return headers

    def _identity(self, request: Request) -> tuple[int, dict[str, str], Any]:
        if request.method == "GET":
            link = {"rel": "self", "href": f"{self.url}/identity/v3"}
            version = {"id": "v3.14", "status": "stable", "links": [link]}
            return 200, {}, {"version": version}
        catalog = [
            {
                "type": service,
                "id": service,
                "name": service,
                "endpoints": [
                    {
                        "id": service,
                        "interface": "public",
                        "region_id": "one",
                        "region": "one",
                        "url": f"{self.url}/{service}",
                    }
                ],
            }
            for service in SERVICES
        ]
        token = {
            "catalog": catalog,
            "expires_at": "2999-01-01T00:00:00.000000Z",
            "issued_at": "2020-01-01T00:00:00.000000Z",
            "methods": ["password"],
            "project": {"id": "p", "name": "demo"},
            "user": {"id": "u", "name": "demo"},
        }
        return 201, {"X-Subject-Token": "a-subject-token"}, {"token": token}


def _reads(request: Request) -> bool:
    return "os-getConsoleOutput" in request.body or "remote_console" in (
        request.body
    )


def _operation(request: Request) -> tuple[int, Any]:
    if request.path.endswith("/servers"):
        return 202, {"server": {"id": SERVER, "adminPass": "first-pass"}}
    if "os-getConsoleOutput" in request.body:
        return 200, {"output": "booting"}
    if request.path.endswith("/remote-consoles"):
        console = {"protocol": "vnc", "type": "novnc", "url": "http://c/"}
        return 200, {"remote_console": console}
    return 202, None


def _resource(path: str) -> Any:
    if path.startswith("/image"):
        return {"id": IMAGE, "name": "cirros"}
    if "/flavors" in path:
        flavor = {"id": "1", "name": "m1.tiny", "links": []}
        return {"flavor": flavor, "flavors": [flavor]}
    if "/servers" in path:
        server = {"id": path.rpartition("/")[2], "name": "a", "links": []}
        return {"server": server | {"flavor": {"original_name": "m1.tiny"}}}
    return {
        "version": {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.96",
            "min_version": "2.1",
            "links": [],
        }
    }


def _handler(cloud: Cloud) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or "{}")
            request = Request(self.command, self.path, self.headers, body)
            cloud.requests.append(request)
            status, headers, answer = cloud.answer(request)
            text = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Stay silent: the test's output is not a server log."""

    return Handler
