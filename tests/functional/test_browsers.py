# SPDX-License-Identifier: Apache-2.0
"""Section 1: client tokens in a browser, with [cors] in nova.conf."""

from __future__ import annotations

import os

from oslo_middleware import cors

from nova import middleware
from nova.idempotency import router
from testing.nova import base

ORIGIN = "https://horizon.example.com"


class _Cors(base.TestCase):
    #: Section [cors] of nova.conf.
    cors = f"allowed_origin = {ORIGIN}"

    def start_api(self):
        # The cors filter reads nova.conf itself, where oslo.config finds it.
        folder = os.path.expanduser("~/.nova")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "nova.conf"), "w") as file:
            file.write(f"[cors]\n{self.cors}\n")
        # The defaults of the filter's options belong to the process.
        middleware.set_defaults()
        self.addCleanup(middleware.set_defaults)
        super().start_api()

    def preflight(self, *names):
        """Ask for a POST with headers, and return whether it is allowed."""
        asked = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ", ".join(names),
        }
        answer = self.api.api_request(
            "/servers", method="OPTIONS", headers=asked
        )
        self.assertEqual(200, answer.status_code)
        return answer.headers.get("Access-Control-Allow-Origin") == ORIGIN

    def exposed(self):
        """Return the headers that a script may see of an answer."""
        answer = self.post("/servers", self.server(), "t", Origin=ORIGIN)
        self.assertEqual(202, answer.status_code)
        listed = answer.headers.get("Access-Control-Expose-Headers", "")
        return {name.strip() for name in listed.split(",")}


class Browser(_Cors):
    """Where an origin is named, our headers need not be."""

    def test_all_our_headers_may_be_sent(self):
        self.assertTrue(
            self.preflight(
                "X-Client-Token",
                "Idempotency-Key",
                "X-Client-Token-Attempt",
                "x-auth-token",
                "content-type",
                "openstack-api-version",
            )
        )

    def test_others_may_not(self):
        self.assertFalse(self.preflight("X-Client-Token", "X-Other"))

    def test_all_our_headers_may_be_seen_beside_nova_s(self):
        exposed = self.exposed()
        self.assertLessEqual(
            {
                "X-Client-Token",
                "X-Client-Token-State",
                "X-Client-Token-Expires",
                "X-Client-Token-Request-Id",
                "Idempotent-Replayed",
                "Location",
                "Retry-After",
                "x-compute-request-id",
            },
            exposed,
        )
        novas = {"X-Auth-Token", "X-Openstack-Request-Id", "X-Subject-Token"}
        self.assertLessEqual(novas, exposed)

    def test_to_load_it_again_lists_nothing_twice(self):
        before = self.listed()
        router.APIRouterV21.factory({})
        self.assertEqual(before, self.listed())

    def listed(self):
        names = ("allow_headers", "expose_headers")
        return [o.default for o in cors.CORS_OPTS if o.name in names]


class OwnLists(_Cors):
    """An operator's own lists win."""

    cors = (
        f"allowed_origin = {ORIGIN}\n"
        "allow_headers = X-Auth-Token\n"
        "expose_headers = X-Own"
    )

    def test_what_may_be_sent(self):
        self.assertTrue(self.preflight("X-Auth-Token"))
        self.assertFalse(self.preflight("X-Auth-Token", "X-Client-Token"))

    def test_what_may_be_seen(self):
        self.assertEqual({"X-Own"}, self.exposed())


class NoOrigin(_Cors):
    """Without an origin nothing is allowed, as without us."""

    cors = ""

    def test_nothing_may_be_sent_or_seen(self):
        self.assertFalse(self.preflight("X-Client-Token"))
        self.assertEqual({""}, self.exposed())


class WithoutOurRouter(_Cors):
    """Nova's own defaults are as they were."""

    woven = False

    def test_only_nova_s_headers(self):
        self.assertTrue(self.preflight("X-Auth-Token"))
        self.assertFalse(self.preflight("X-Client-Token"))
        self.assertNotIn("Location", self.exposed())
