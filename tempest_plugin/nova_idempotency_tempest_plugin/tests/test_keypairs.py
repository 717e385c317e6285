# SPDX-License-Identifier: Apache-2.0
"""Keypairs: the private key, which Nova gives once, comes again."""

from __future__ import annotations

from tempest.lib import decorators
from tempest.lib.common.utils import test_utils

from nova_idempotency_tempest_plugin.tests import base


class KeypairsTest(base.ClientTokensTest):
    def setUp(self) -> None:
        super().setUp()
        self.called = self.name("keypair")
        self.body = {"keypair": {"name": self.called}}
        self.addCleanup(
            test_utils.call_and_ignore_notfound_exc,
            self.os_primary.keypairs_client.delete_keypair,
            self.called,
        )

    @decorators.idempotent_id("6e2d9f14-7c3a-4e58-a1b6-5d0c8f2e3b55")
    def test_the_same_again_has_the_same_private_key(self) -> None:
        token = self.token()
        first = self.api.post("/os-keypairs", self.body, token)
        self.assert_state("executed", first.status, first)
        self.assertIn("PRIVATE KEY", first.json()["keypair"]["private_key"])
        again = self.api.post("/os-keypairs", self.body, token)
        self.assert_replayed(first, again)

    @decorators.idempotent_id("f8b0c4d3-9a5e-4617-82c9-1e7d3a6b4c66")
    def test_a_refusal_leaves_the_token_free(self) -> None:
        token = self.token()
        refused = {"keypair": {"name": self.called, "public_key": "none"}}
        answer = self.api.post("/os-keypairs", refused, token)
        self.assert_state("executed", 400, answer)
        corrected = self.api.post("/os-keypairs", self.body, token)
        self.assert_state("executed", corrected.status, corrected)
        self.assertLess(corrected.status, 300)
