# SPDX-License-Identifier: Apache-2.0
"""Answers tell a program what came of its request."""

from __future__ import annotations

from tempest import config
from tempest.lib import decorators
from tempest.lib.common.utils import test_utils

from nova_idempotency_tempest_plugin import api
from nova_idempotency_tempest_plugin.tests import base

CONF = config.CONF
_GROUPS = "/os-server-groups"


class StatesTest(base.ClientTokensTest):
    def group(self) -> dict[str, dict[str, object]]:
        """Return the body that asks for a server group."""
        called = self.name("group")
        return {"server_group": {"name": called, "policies": ["affinity"]}}

    def made(self, user: api.Api, answer: api.Answer) -> str:
        """Return what an answer says was made, which goes at the end."""
        group = str(answer.json()["server_group"]["id"])
        owner = self.os_primary if user is self.api else self.os_alt
        self.addCleanup(
            test_utils.call_and_ignore_notfound_exc,
            owner.server_groups_client.delete_server_group,
            group,
        )
        return group

    @decorators.idempotent_id("1a5c7e9b-2d4f-4b68-8e0a-3f6d9c2b7ecc")
    def test_what_is_no_token_is_refused(self) -> None:
        for token in ("", "one,other", "a b", "x" * 256):
            answer = self.api.post(_GROUPS, self.group(), token)
            self.assert_state("invalid", 400, answer)

    @decorators.idempotent_id("8f0b2d4c-6e1a-4357-a9c4-7d5e3b8f1add")
    def test_a_success_says_its_token_and_when_it_ends(self) -> None:
        token = self.token()
        answer = self.api.post(_GROUPS, self.group(), token)
        self.made(self.api, answer)
        self.assert_state("executed", 200, answer)
        self.assertEqual(token, answer.headers["x-client-token"])
        self.assertIn("x-client-token-expires", answer.headers)
        self.assertNotIn("idempotent-replayed", answer.headers)

    @decorators.idempotent_id("5e7a9c1d-0f3b-4d86-b2e8-1c4f6a9d3bee")
    def test_without_a_token_nothing_is_said(self) -> None:
        answer = self.api.post(_GROUPS, self.group())
        self.made(self.api, answer)
        ours = {
            name
            for name in answer.headers
            if name.startswith(("x-client-token", "idempotent"))
        }
        self.assertEqual(set(), ours)

    @decorators.idempotent_id("b9d1f3a5-7c8e-4f02-96a1-5e2b4d7c0aff")
    def test_a_token_is_its_users_alone(self) -> None:
        token, body = self.token(), self.group()
        mine = self.api.post(_GROUPS, body, token)
        theirs = self.other.post(_GROUPS, body, token)
        self.assert_state("executed", 200, theirs)
        self.assertNotEqual(
            self.made(self.api, mine), self.made(self.other, theirs)
        )

    @decorators.idempotent_id("3c6e8a0f-9b2d-4e74-8f5c-0d7a1b4e6c00")
    def test_both_headers_name_the_same_token(self) -> None:
        if not CONF.client_tokens.idempotency_key:
            raise self.skipException("the cloud takes X-Client-Token alone")
        token, body = self.token(), self.group()
        first = self.api.post(_GROUPS, body, token)
        self.made(self.api, first)
        again = self.api.post(_GROUPS, body, f'"{token}"', api.KEY)
        self.assert_replayed(first, again)
