# SPDX-License-Identifier: Apache-2.0
"""Glance without ``[paste_deploy] flavor``."""

from __future__ import annotations

from tests.services import noauth
from tests.services.glance import base


class NoAuthTest(base.GlanceTestCase, noauth.NoAuth):
    place = (
        "glance-api-paste.ini", "composite:api", "unauthenticated-context"
    )  # fmt: skip
    name = "glance-api"

    def test_tokens_are_ignored(self):
        """Its callers have no roles: Glance's policies refuse them."""
        self.load("flavor", None, "paste_deploy")
        answer = self.ask_for("POST", "/images", {"name": "one"})
        self.assertEqual(403, answer.status_int, answer.text)
        self.assertIsNone(self.state(answer))
        self.assertEqual([], self.rows())
        answer = self.ask_for("GET", "/os-client-tokens")
        self.assertEqual(404, answer.status_int)
