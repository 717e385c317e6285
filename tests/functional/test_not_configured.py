# SPDX-License-Identifier: Apache-2.0
"""Methods decorated in the source, and options that are missing."""

from __future__ import annotations

import typing as ty

from nova.api.openstack.compute import keypairs
from openstack_idempotency import decorator
from testing.nova import base
from testing.nova import releases


class NotConfiguredTest(base.TestCase):
    """Nova's own router loads the API without a secret."""

    woven = False
    options: ty.ClassVar[dict[str, ty.Any]] = {"secret": []}

    def setUp(self) -> None:
        self.useFixture(
            releases.InSource(
                keypairs.KeypairController, "create", decorator.idempotent
            )
        )
        # Found once in a process, by whichever test came first.
        decorator._SERVICES.clear()
        self.addCleanup(decorator._SERVICES.clear)
        super().setUp()

    def test_without_a_token_nothing_is_different(self) -> None:
        body = {"keypair": {"name": "k"}}
        answer = self.post("/os-keypairs", body)
        self.assertEqual(201, answer.status_code, answer.content)
        self.assertNotIn("X-Client-Token-State", answer.headers)

    def test_with_a_token_nothing_runs_and_the_log_says_why(self) -> None:
        answer = self.generate("k", "t")
        self.assert_fault(answer, 503, "Send the same request again")
        state = answer.headers["X-Client-Token-State"]
        self.assertEqual("unavailable", state)
        self.assertEqual("1", answer.headers["Retry-After"])
        self.assertEqual("t", answer.headers["X-Client-Token"])
        self.assertEqual([], self.api.api_get("/os-keypairs").body["keypairs"])
        self.assertIn(
            "[idempotency] secret is not set", self.stdlog.logger.output
        )

    def test_what_is_no_token_is_told_so(self) -> None:
        answer = self.generate("k", "not a token")
        self.assert_fault(answer, 400, "X-Client-Token")
        self.assertEqual([], self.api.api_get("/os-keypairs").body["keypairs"])
