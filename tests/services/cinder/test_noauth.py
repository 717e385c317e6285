# SPDX-License-Identifier: Apache-2.0
"""Cinder's pipelines for those who say themselves who they are."""

from __future__ import annotations

from tests.services import base as common
from tests.services import noauth
from tests.services.cinder import base


class NoAuthTest(base.CinderTestCase, noauth.NoAuth):
    strategy = "noauth"
    section = "composite:openstack_volume_api_v3"
    place = ("api-paste.ini", section, strategy)
    inner = ("faultwrap",)
    name = "osapi_volume"

    def test_a_token_is_whose_the_caller_claims_to_be(self):
        self.load("auth_strategy", self.strategy, None)
        body = {"volume_type": {"name": common.some("type")}}
        told = []
        for user in ("me", "me", "another"):
            who = {"X-Auth-Token": f"{user}:a-project"}
            answer = self.ask_for("POST", "/types", body, **who)
            told.append((self.state(answer), answer.status_int))
        # The other one's token is another one, and the name is there.
        self.assertEqual(
            [("executed", 200), ("replayed", 200), ("executed", 409)], told
        )
        self.assertEqual(["me"], [row.user_id for row in self.rows()])


class WithProjectTest(NoAuthTest):
    strategy = "noauth_include_project_id"
    place = ("api-paste.ini", NoAuthTest.section, strategy)
