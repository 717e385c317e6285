# SPDX-License-Identifier: Apache-2.0
"""A retry needs the roles of the first request."""

from __future__ import annotations

import typing as ty

from tempest import config
from tempest.lib import decorators
from tempest.lib.common.utils import test_utils

from nova_idempotency_tempest_plugin import api
from nova_idempotency_tempest_plugin.tests import base

CONF = config.CONF
# What a member is, too.
_FEWER = "reader"


class AuthorityTest(base.ClientTokensTest):
    """The same user, by an application credential with fewer roles."""

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if CONF.identity.auth_version != "v3":
            raise cls.skipException("the tests do not use Identity v3")

    def setUp(self) -> None:
        super().setUp()
        self.called = self.name("authority")
        self.body = {"keypair": {"name": self.called}}
        self.addCleanup(
            test_utils.call_and_ignore_notfound_exc,
            self.os_primary.keypairs_client.delete_keypair,
            self.called,
        )

    def roles(self) -> set[str]:
        """Return the names of the user's roles."""
        told = self.os_primary.auth_provider.get_auth()[1]
        return {role["name"].lower() for role in told["roles"]}

    def with_roles(self, *names: str) -> api.Api:
        """Return the API as the same user asks it with these roles.

        :param names: the roles'
        """
        credential = self.credential(*names)
        token, _ = self.os_primary.token_v3_client.get_token(
            app_cred_id=credential["id"],
            app_cred_secret=credential["secret"],
            auth_data=True,
        )
        return api.Api(self.os_primary.auth_provider, token)

    def credential(self, *names: str) -> dict[str, ty.Any]:
        """Return a new application credential, which goes at the end.

        :param names: its roles'
        """
        client = self.os_primary.application_credentials_client
        user = self.os_primary.credentials.user_id
        made: dict[str, ty.Any] = client.create_application_credential(
            user, name=self.called, roles=[{"name": name} for name in names]
        )["application_credential"]
        self.addCleanup(
            test_utils.call_and_ignore_notfound_exc,
            client.delete_application_credential,
            user,
            made["id"],
        )
        return made

    @decorators.idempotent_id("6f2e9d1b-4a7c-4e08-b5d3-8c1f0a6e7b12")
    def test_a_retry_with_fewer_roles_is_refused(self) -> None:
        if not self.roles() > {_FEWER}:
            raise self.skipException(
                f"the user's roles are not {_FEWER} and others"
            )
        token = self.token()
        first = self.api.post("/os-keypairs", self.body, token)
        self.assert_state("executed", first.status, first)
        fewer = self.with_roles(_FEWER)
        refused = fewer.post("/os-keypairs", self.body, token)
        self.assert_state("forbidden", 403, refused)
        self.assertNotIn(b"PRIVATE KEY", refused.body)
        (use,) = fewer.look_up(token).json()["client_tokens"]
        self.assertEqual("forbidden", use["state"])
        self.assert_replayed(
            first, self.api.post("/os-keypairs", self.body, token)
        )

    @decorators.idempotent_id("a3d81c5e-9b60-4f27-8e4d-2b7f5c0d9e34")
    def test_a_retry_with_the_same_roles_is_replayed(self) -> None:
        token = self.token()
        first = self.api.post("/os-keypairs", self.body, token)
        self.assert_state("executed", first.status, first)
        again = self.with_roles(*sorted(self.roles()))
        self.assert_replayed(
            first, again.post("/os-keypairs", self.body, token)
        )
