# SPDX-License-Identifier: Apache-2.0
"""A small cloud on a local port: identity, image, network, volume, compute.

Its compute API keeps client tokens as docs/protocol.md says, in memory, and
its network loses what a test wants to be lost.
"""

from __future__ import annotations

import http.server
import threading
import time
import typing as ty

import fixtures

from tests.unit.client.wire import handler
from tests.unit.client.wire import Loss
from tests.unit.client.wire import Request
from tests.unit.client.wire import SOON
from tests.unit.client.wire import Spoken

SERVER = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a1111"
OTHER_SERVER = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a2222"
VOLUME = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a4444"
IMAGE = "5f0a0cb4-6b5c-4b8b-9d0e-0d9a4b9a3333"
SERVICES = ("block-storage", "compute", "image", "network")
LOOK_UP = "/compute/os-client-tokens"


class Cloud(fixtures.Fixture):
    """Serves while the test runs, and records every request.

    :param knows_tokens: whether its compute API is one of ours.
    :param retry_safe: what its look-up promises.
    :param refusal: the status of each compute POST, when not a success.
    :param losses: what happens to compute POSTs, one after the other.
    :param ahead: seconds by which its clock is ahead.
    """

    def __init__(
        self,
        *,
        knows_tokens: bool = True,
        retry_safe: bool = True,
        refusal: int | None = None,
        losses: tuple[ty.Any, ...] = (),
        ahead: float = 0.0,
    ) -> None:
        self.knows_tokens = knows_tokens
        self.retry_safe = retry_safe
        self.refusal = refusal
        self.losses = list(losses)
        self.lookup_losses: list[ty.Any] = []
        # What happens to each GET whose path has this in it.
        self.lost_reads: dict[str, ty.Any] = {}
        self.ahead = ahead
        self.requests: list[Request] = []
        self.first_uses: dict[tuple[str | None, str], str] = {}
        self.made: list[ty.Any] = []
        # The ids of servers by name.
        self.names: dict[str, str] = {}
        self.held = threading.Event()
        self.let_go = threading.Event()
        self._bodies: dict[tuple[str | None, str], ty.Any] = {}
        self._answers: dict[tuple[str | None, str], ty.Any] = {}
        self._lock = threading.Lock()

    def _setUp(self) -> None:
        http.server.ThreadingHTTPServer.request_queue_size = 256
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), handler(self)
        )
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,)
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.let_go.set)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a client logs in."""
        return {
            "OS_AUTH_URL": f"{self.url}/identity/v3",
            "OS_USERNAME": "demo",
            "OS_PASSWORD": "secret",
            "OS_PROJECT_NAME": "demo",
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_DOMAIN_ID": "default",
        }

    def together(
        self, start: ty.Callable[[], ty.Any], count: int
    ) -> list[str]:
        """Start commands whose answers wait until all have sent a POST.

        :param start: starts one of them
        :param count: how many
        :returns: what each has said on stderr
        """
        self.losses = [Loss.HELD] * count
        running = [start() for _ in range(count)]
        deadline = time.monotonic() + SOON
        while len(self.posts()) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        self.let_go.set()
        return [command.communicate(timeout=SOON)[1] for command in running]

    def posts(self, service: str = "compute") -> list[Request]:
        return [
            request
            for request in self.requests
            if request.method == "POST"
            and request.path.startswith(f"/{service}/")
        ]

    def look_ups(self) -> list[Request]:
        return [one for one in self.requests if one.path == LOOK_UP]

    def loss(self, request: Request) -> ty.Any:
        if request.path == LOOK_UP and self.lookup_losses:
            return self.lookup_losses.pop(0)
        for part, loss in self.lost_reads.items():
            if request.method == "GET" and part in request.path:
                return loss
        is_post = request.method == "POST"
        if is_post and request.path.startswith("/compute") and self.losses:
            return self.losses.pop(0)
        return None

    def answer(self, request: Request) -> tuple[int, dict[str, str], ty.Any]:
        if request.path.startswith("/identity"):
            return self._identity(request)
        if request.path == LOOK_UP:
            return self._look_up(request)
        if request.method == "POST" and request.path.startswith("/compute"):
            with self._lock:
                return self._operation(request)
        if request.path == "/image/v2/images" and request.method == "POST":
            return 201, {}, {"id": IMAGE, "name": "web", "status": "queued"}
        if request.path.endswith("/v3/volumes") and request.method == "POST":
            volume = {"id": VOLUME, "status": "creating", "size": 1}
            return 202, {}, {"volume": volume | {"name": "web"}}
        if request.path == "/image/v2/images":
            return 200, {}, {"images": [{"id": IMAGE, "name": "cirros"}]}
        return 200, {}, self._resource(request.path)

    def _operation(
        self, request: Request
    ) -> tuple[int, dict[str, str], ty.Any]:
        request_id = f"req-{len(self.requests)}"
        headers = {"x-openstack-request-id": request_id}
        keeps = self.knows_tokens and request.token and not _reads(request)
        use = (request.token, request.path)
        if keeps and use in self.first_uses:
            return self._again(use, request, headers)
        status, body = _run(request)
        status = self.refusal or status
        if status < 400:
            self.made.append(request.body)
            if keeps:
                self.first_uses[use] = request_id
                self._bodies[use] = request.body
                self._answers[use] = (status, body)
        if keeps:
            state = "executed" if status < 500 else "failed"
            headers |= self._spoken(request, state)
        return status, headers, body

    def _again(
        self, use: ty.Any, request: Request, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], ty.Any]:
        if self._bodies[use] != request.body:
            error = {"message": "used for a different request", "code": 422}
            return 422, headers | self._spoken(request, "different"), {
                "unprocessableEntity": error
            }
        status, body = self._answers[use]
        return status, headers | self._spoken(request, "replayed") | {
            "Idempotent-Replayed": "true",
            "X-Client-Token-Request-Id": self.first_uses[use],
        }, body

    def spoken(self, request: Request, loss: Spoken) -> ty.Any:
        headers = self._spoken(request, loss.state) | dict(loss.headers)
        return loss.status, headers, {"error": {"message": loss.state}}

    @staticmethod
    def _spoken(request: Request, state: str) -> dict[str, str]:
        return {
            "X-Client-Token": request.token or "",
            "X-Client-Token-State": state,
        }

    def _look_up(self, request: Request) -> tuple[int, dict[str, str], ty.Any]:
        if not self.knows_tokens:
            return 404, {}, {"itemNotFound": {"message": "not found"}}
        uses = [
            {"state": "succeeded", "target": f"POST {path}", "status": 202,
             "resources": [{"type": "server", "id": SERVER}]}
            for token, path in self.first_uses if token == request.token
        ]  # fmt: skip
        return 200, {}, {
            "client_tokens": uses,
            "token_ttl": 86400,
            "retry_safe": self.retry_safe,
        }

    def _resource(self, path: str) -> ty.Any:
        if path.startswith("/image/"):
            return {"id": IMAGE, "name": "cirros"}
        if "/flavors" in path:
            flavor = {"id": "1", "name": "m1.tiny", "links": []}
            return {"flavor": flavor, "flavors": [flavor]}
        if "/servers" in path:
            server: dict[str, ty.Any] = {"name": "a", "links": []}
            server["id"] = path.rpartition("/")[2]
            server |= {"flavor": {"original_name": "m1.tiny"}, "image": ""}
            named = [server | {"id": id_, "name": name}
                     for name, id_ in self.names.items()]  # fmt: skip
            return {"server": server, "servers": named}
        link = {"rel": "self", "href": f"{self.url}/compute/"}
        version = {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.96",
            "min_version": "2.1",
            "links": [link],
        }
        if path.startswith("/image"):
            link["href"] = f"{self.url}/image/v2/"
            version |= {"id": "v2.16", "min_version": "", "version": ""}
            return {"versions": [version]}
        if path.startswith("/block-storage"):
            link["href"] = f"{self.url}/block-storage/v3/"
            version |= {"id": "v3.0", "version": "3.71", "min_version": "3.0"}
            return {"versions": [version]}
        if path.startswith("/network"):
            version |= {"id": "v2.0", "links": [
                {"rel": "self", "href": f"{self.url}/network/v2.0/"}]}
            return {"versions": [version], "version": version}
        return {"version": version}

    def _identity(
        self, request: Request
    ) -> tuple[int, dict[str, str], ty.Any]:
        if request.method == "GET":
            link = {"rel": "self", "href": f"{self.url}/identity/v3"}
            version = {"id": "v3.14", "status": "stable", "links": [link]}
            return 200, {}, {"version": version}
        token = {
            "catalog": [self._endpoint(service) for service in SERVICES]
            + [self._endpoint("identity")],
            "expires_at": "2999-01-01T00:00:00.000000Z",
            "issued_at": "2020-01-01T00:00:00.000000Z",
            "methods": ["password"],
            "project": {
                "id": "p",
                "name": "demo",
                "domain": {"id": "default", "name": "Default"},
            },
            "user": {
                "id": request.body["auth"]["identity"]["password"]["user"][
                    "name"],
                "name": "demo",
                "domain": {"id": "default", "name": "Default"},
            },
        }  # fmt: skip
        return 201, {"X-Subject-Token": "a-subject-token"}, {"token": token}

    def _endpoint(self, service: str) -> dict[str, ty.Any]:
        endpoint = {
            "id": service,
            "interface": "public",
            "region_id": "one",
            "region": "one",
            "url": f"{self.url}/{service}",
        }
        return {
            "type": service,
            "id": service,
            "name": service,
            "endpoints": [endpoint],
        }


def _reads(request: Request) -> bool:
    return "os-getConsoleOutput" in request.body or "remote_console" in (
        request.body
    )


def _run(request: Request) -> tuple[int, ty.Any]:
    if request.path.endswith("/servers"):
        return 202, {"server": {"id": SERVER, "adminPass": "first-pass"}}
    if request.path.endswith("/os-keypairs"):
        keypair = dict(request.body["keypair"])
        keypair |= {"fingerprint": "f", "user_id": "u"}
        keypair.setdefault("private_key", "made by the server")
        return 201, {"keypair": keypair}
    if request.path.endswith("/os-server-groups"):
        group = {"id": SERVER, "policies": [], "policy": "affinity",
                 "members": [], "metadata": {}, "rules": {}}
        return 200, {"server_group": request.body["server_group"] | group}
    if "os-getConsoleOutput" in request.body:
        return 200, {"output": "booting"}
    if request.path.endswith("/remote-consoles"):
        console = {"protocol": "vnc", "type": "novnc", "url": "http://c/"}
        return 200, {"remote_console": console}
    return 202, None
