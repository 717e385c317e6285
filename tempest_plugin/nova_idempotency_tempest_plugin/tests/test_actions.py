# SPDX-License-Identifier: Apache-2.0
"""Actions: they are not linked, and run once all the same."""

from __future__ import annotations

from tempest import exceptions
from tempest.common import waiters
from tempest.lib import decorators
from tempest.lib import exceptions as lib_exceptions

from nova_idempotency_tempest_plugin.tests import base

_COULD_NOT = (exceptions.BuildErrorException, lib_exceptions.TimeoutException)


class ActionsTest(base.ClientTokensTest):
    def setUp(self) -> None:
        super().setUp()
        called = self.name("actions")
        self.gone_at_the_end(called)
        booted = self.api.post("/servers", self.server(called), self.token())
        self.stopped = booted.json()["server"]["id"]
        self.wait("ACTIVE")

    def wait(self, status: str) -> None:
        """Wait for a status of the server; skip where it does not come."""
        try:
            waiters.wait_for_server_status(self.servers, self.stopped, status)
        except _COULD_NOT as exc:
            raise self.skipException(
                f"the cloud cannot make a server {status}: {exc}"
            ) from exc

    def stops(self) -> list[str]:
        """Return the requests that stopped the server."""
        path = f"/servers/{self.stopped}/os-instance-actions"
        done = self.api.get(path).json()["instanceActions"]
        return [one["request_id"] for one in done if one["action"] == "stop"]

    @decorators.idempotent_id("a7c3e5f9-4b6d-4c21-93d8-2f5e7a0b1d77")
    def test_the_same_again_does_nothing_more(self) -> None:
        token = self.token()
        path, body = f"/servers/{self.stopped}/action", {"os-stop": None}
        first = self.api.post(path, body, token)
        self.assert_state("executed", 202, first)
        self.wait("SHUTOFF")
        # Without the token it could not be stopped again.
        self.assert_replayed(first, self.api.post(path, body, token))
        self.assertEqual(
            [first.headers["x-compute-request-id"]], self.stops()
        )
