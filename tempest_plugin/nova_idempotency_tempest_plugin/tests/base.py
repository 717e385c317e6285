# SPDX-License-Identifier: Apache-2.0
"""What the tests of client tokens have in common."""

from __future__ import annotations

import typing as ty
import uuid

from tempest import config
from tempest import test
from tempest.common import waiters
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils
from tempest.lib.common.utils import test_utils

from nova_idempotency_tempest_plugin import api

CONF = config.CONF


class ClientTokensTest(test.BaseTestCase):  # type: ignore[misc]
    """A cloud that keeps client tokens, and two of its users."""

    credentials = ["primary", "alt"]

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.service_available.nova:
            raise cls.skipException("there is no compute service")

    @classmethod
    def setup_credentials(cls) -> None:
        # None of them are needed.
        cls.set_network_resources()
        super().setup_credentials()

    @classmethod
    def setup_clients(cls) -> None:
        super().setup_clients()
        cls.api = api.Api(cls.os_primary.auth_provider)
        cls.other = api.Api(cls.os_alt.auth_provider)
        cls.servers = cls.os_primary.servers_client

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        answer = cls.api.look_up(query="?limit=1")
        if answer.status == 200:
            return
        lacking = f"GET /os-client-tokens is answered with {answer.status}"
        if CONF.client_tokens.required:
            raise AssertionError(lacking)
        raise cls.skipException(f"the cloud keeps no client tokens: {lacking}")

    def token(self) -> str:
        """Return a new token."""
        return str(uuid.uuid4())

    def name(self, kind: str) -> str:
        """Return a new name.

        :param kind: of what
        """
        return str(data_utils.rand_name(kind, prefix="client-tokens"))

    def server(self, name: str) -> dict[str, ty.Any]:
        """Return the body that asks for a server without networks.

        :param name: the server's
        """
        if not (CONF.compute.image_ref and CONF.compute.flavor_ref):
            raise self.skipException(
                "[compute] image_ref and flavor_ref are not set"
            )
        return {
            "server": {
                "name": name,
                "imageRef": CONF.compute.image_ref,
                "flavorRef": CONF.compute.flavor_ref,
                "networks": "none",
            }
        }

    def ids(self, name: str) -> list[str]:
        """Return the ids of the user's servers of a name.

        :param name: the servers'
        """
        listed = self.servers.list_servers(name=f"^{name}$")["servers"]
        return [server["id"] for server in listed]

    def gone_at_the_end(self, name: str) -> None:
        """Delete all servers of a name when the test is over.

        :param name: the servers'
        """
        self.addCleanup(self._delete, name)

    def _delete(self, name: str) -> None:
        for server in self.ids(name):
            try:
                self._delete_one(server)
            except exceptions.DeleteErrorException:
                # It was deleted in the middle of its build, which failed.
                self._delete_one(server)

    def _delete_one(self, server: str) -> None:
        test_utils.call_and_ignore_notfound_exc(
            self.servers.delete_server, server
        )
        waiters.wait_for_server_termination(self.servers, server)

    def assert_state(
        self, state: str, status: int, answer: api.Answer
    ) -> None:
        """Assert what an answer says came of the request.

        :param state: the state
        :param status: the status
        :param answer: the answer
        """
        self.assertEqual(
            (state, status), (answer.state, answer.status), answer.body
        )

    def assert_replayed(self, first: api.Answer, again: api.Answer) -> None:
        """Assert that an answer is the first one, given again.

        :param first: the first one
        :param again: the other
        """
        self.assert_state("replayed", first.status, again)
        self.assertEqual(first.body, again.body)
        for header in ("location", "content-type", "x-compute-request-id"):
            self.assertEqual(
                first.headers.get(header), again.headers.get(header), header
            )
        self.assertEqual("true", again.headers["idempotent-replayed"])
