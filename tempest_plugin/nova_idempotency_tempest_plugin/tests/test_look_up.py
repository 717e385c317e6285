# SPDX-License-Identifier: Apache-2.0
"""The look-up tells what came of a token, and only to its user."""

from __future__ import annotations

from tempest.lib import decorators
from tempest.lib.common.utils import test_utils

from nova_idempotency_tempest_plugin.tests import base


class LookUpTest(base.ClientTokensTest):
    def setUp(self) -> None:
        super().setUp()
        called = self.name("look-up")
        self.used = self.token()
        self.answer = self.api.post(
            "/os-keypairs", {"keypair": {"name": called}}, self.used
        )
        self.addCleanup(
            test_utils.call_and_ignore_notfound_exc,
            self.os_primary.keypairs_client.delete_keypair,
            called,
        )
        self.called = called

    @decorators.idempotent_id("2b8d6f0e-3c7a-4d95-b4e1-8a9c5f1d2e88")
    def test_it_tells_what_came_of_a_token(self) -> None:
        found = self.api.look_up(self.used)
        (use,) = found.json()["client_tokens"]
        self.assertEqual("succeeded", use["state"])
        self.assertEqual("POST /os-keypairs", use["target"])
        self.assertEqual(self.answer.status, use["status"])
        self.assertEqual(
            self.answer.headers["x-compute-request-id"], use["request_id"]
        )
        (made,) = use["resources"]
        self.assertEqual(
            ("keypair", self.called), (made["type"], made["id"])
        )
        self.assertNotIn(self.used.encode(), found.body)
        self.assertNotIn(b"PRIVATE KEY", found.body)

    @decorators.idempotent_id("c5a9e1b7-6d4f-4082-a3f6-4d7b8e2c0f99")
    def test_it_says_what_the_cloud_promises(self) -> None:
        promised = self.api.look_up(self.token()).json()
        self.assertEqual([], promised["client_tokens"])
        self.assertIs(bool, type(promised["retry_safe"]))
        self.assertGreaterEqual(promised["token_ttl"], 3600)

    @decorators.idempotent_id("7d1f3b5c-8e2a-4964-9c7d-6b0a4e5f3caa")
    def test_it_lists_the_newest_first_in_pages(self) -> None:
        page = self.api.look_up(query="?limit=1").json()
        (newest,) = page["client_tokens"]
        self.assertEqual(
            self.answer.headers["x-compute-request-id"], newest["request_id"]
        )
        self.assertIn("client_tokens_links", page)

    @decorators.idempotent_id("e4b6d8a0-5f1c-4e37-b28f-9c3d7a1e5dbb")
    def test_another_user_is_told_nothing(self) -> None:
        self.assertEqual(
            [], self.other.look_up(self.used).json()["client_tokens"]
        )
