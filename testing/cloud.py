# SPDX-License-Identifier: Apache-2.0
"""A cloud of a test's own: free ports, and a state that goes with it."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import tempfile
import time
import typing as ty

from keystoneauth1 import adapter
import requests

from embedded import cloud
from embedded import config
from embedded import identity
from embedded import ports
from embedded import provision
from embedded.platform import Platform
from embedded.services import NOVA
from embedded.site import Site
from embedded.stack import Stack

# Shared with `make demo`, so that whoever is second need not migrate.
TEMPLATES = Path(__file__).parents[1] / "var" / "template"
SECONDS = 60


def silently(_title: str) -> contextlib.AbstractContextManager[None]:
    """Show no step."""
    return contextlib.nullcontext()


class Cloud:
    """The embedded stack, and requests to it as the demo user.

    :param platform: what it runs on
    :param nova: what Nova's configuration has beside ours
    """

    def __init__(
        self,
        platform: Platform = Platform(),  # noqa: B008
        nova: config.Sections | None = None,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="e2e-")
        self.site = dataclasses.replace(
            self._site(platform, Path(self._directory.name)), nova=nova or {}
        )
        self.stack = self._up()
        self.compute = adapter.Adapter(
            identity.log_in(self.site, "demo", identity.DEMO_PROJECT),
            service_type=NOVA.kind,
        )
        self._flavors = {
            flavor["name"]: flavor["id"]
            for flavor in self.compute.get("/flavors").json()["flavors"]
        }
        images = self.ask("image", "/v2/images")["images"]
        self._image = images[0]["id"]
        self.network = self.ask("network", "/v2.0/networks")["networks"][0]

    def _site(self, platform: Platform, state: Path) -> Site:
        return Site.on(platform, state, ports.ephemeral(), tokens=True)

    def _up(self) -> Stack:
        return Stack(self.site, TEMPLATES, silently).__enter__()

    def ask(self, service: str, path: str) -> ty.Any:
        """GET something from a service, as the demo user.

        :param service: its type in the catalog
        """
        where = {"service_type": service}
        return self.compute.get(path, endpoint_filter=where).json()

    def ports(self, server: str) -> ty.Any:
        """Return the ports of a server."""
        path = f"/v2.0/ports?device_id={server}"
        return self.ask("network", path)["ports"]

    def restart(self, nova: config.Sections | None = None) -> None:
        """Start again what was stopped, with the same state.

        :param nova: what Nova's configuration has now beside ours
        """
        if nova is not None:
            self.site = dataclasses.replace(self.site, nova=nova)
        self.stack = self._up()

    def close(self) -> None:
        """Stop everything and forget it."""
        self.stack.stop()
        provision.drop(self.site)
        self._directory.cleanup()

    def server(
        self, name: str, flavor: str = cloud.SMALL, networks: ty.Any = "none"
    ) -> dict[str, ty.Any]:
        """Return the body that asks for a server."""
        return {
            "server": {
                "name": name,
                "flavorRef": self._flavors[flavor],
                "imageRef": self._image,
                "networks": networks,
            }
        }

    def headers(self) -> dict[str, str]:
        """Return the headers of a request of the demo user."""
        return {
            "X-Auth-Token": str(self.compute.get_token()),
            "OpenStack-API-Version": "compute 2.90",
        }

    def boot(
        self, body: ty.Mapping[str, ty.Any], token: str
    ) -> requests.Response:
        """POST /servers with a token, again while it is answered 409."""
        deadline = time.monotonic() + SECONDS
        while True:
            answer = requests.post(
                NOVA.url(self.site) + "/servers",
                json=body,
                headers=self.headers() | {"X-Client-Token": token},
                timeout=SECONDS,
                # Whatever proxy the environment names.
                proxies={"http": ""},
            )
            if answer.status_code != 409 or time.monotonic() > deadline:
                return answer
            # What the API asks for, bounded by the deadline above.
            time.sleep(float(answer.headers["Retry-After"]))

    def ids(self, name: str) -> list[str]:
        """Return the ids of the servers of that name."""
        query = {"name": f"^{name}$"}
        listed = self.compute.get("/servers", params=query).json()["servers"]
        return [server["id"] for server in listed]

    def wait_until_active(self, server: str, seconds: float = SECONDS) -> None:
        """Wait until the server runs.

        :param seconds: so long, if need be
        :raises AssertionError: when it fails, or takes too long.
        """
        found = self.wait_until_built(server, seconds)
        status, fault = found["status"], found.get("fault", "no fault")
        assert status == "ACTIVE", f"server {server} is {status}: {fault}"

    def wait_until_built(
        self, server: str, seconds: float = SECONDS
    ) -> dict[str, ty.Any]:
        """Wait until the server is no longer built, and return how it is.

        :param seconds: so long, if need be
        """
        deadline = time.monotonic() + seconds
        found: dict[str, ty.Any] = {"status": "BUILD"}
        while found["status"] == "BUILD" and time.monotonic() < deadline:
            found = self.compute.get(f"/servers/{server}").json()["server"]
            time.sleep(0.1)
        return found
