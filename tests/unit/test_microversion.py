# SPDX-License-Identifier: Apache-2.0
"""The microversion as a request asks for it: protocol section 2."""

from __future__ import annotations

import ddt
import testtools

from nova import exception
from nova.api.openstack import wsgi
from nova.idempotency import microversion

NEW = "OpenStack-API-Version"
OLD = "X-OpenStack-Nova-API-Version"


def asked(**fields: str) -> str:
    """Return what a request asks for that Nova's WSGI makes of fields."""
    request = wsgi.Request.blank("/servers", headers=fields)
    return microversion.asked(request.headers)


@ddt.ddt
class VersionAskedTest(testtools.TestCase):
    def test_without_a_header_it_is_nova_s_default(self) -> None:
        self.assertEqual("2.1", asked())
        self.assertEqual("2.1", asked(**{NEW: "volume 3.60"}))

    def test_both_headers_mean_the_same(self) -> None:
        for version in ("2.1", "2.90", "latest"):
            self.assertEqual(version, asked(**{NEW: f"compute {version}"}))
            self.assertEqual(version, asked(**{OLD: version}))

    def test_latest_stays_latest(self) -> None:
        self.assertEqual("latest", asked(**{NEW: "Compute LATEST"}))
        self.assertEqual("latest", asked(**{OLD: " latest "}))

    def test_blanks_do_not_count(self) -> None:
        self.assertEqual("2.90", asked(**{NEW: "  compute   2.90  "}))
        self.assertEqual("2.90", asked(**{OLD: " 2.90 "}))

    @ddt.named_data(
        ("new_twice", {NEW: "compute 2.5, compute 2.7"}),
        ("new_then_another_service", {NEW: "compute 2.5, volume 3.7"}),
        ("another_service_then_new", {NEW: "volume 3.5,compute 2.7"}),
        ("new_and_old", {NEW: "compute 2.5", OLD: "2.7"}),
        ("another_service_and_old", {NEW: "volume 3.5", OLD: "2.7"}),
        ("old_twice", {OLD: "2.5, 2.7"}),
        ("new_without_a_number_and_old", {NEW: "compute", OLD: "2.7"}),
        ("none", {}),
    )
    def test_it_is_the_one_that_nova_takes(
        self, fields: dict[str, str]
    ) -> None:
        request = wsgi.Request.blank("/servers", headers=fields)
        request.set_api_version_request()
        taken = request.api_version_request.get_string()
        self.assertEqual(taken, microversion.asked(request.headers))

    def test_what_nova_refuses_is_refused(self) -> None:
        for version in ("2", "2.01", "two", "2.1.1", "-2.1"):
            self.assertRaises(
                exception.InvalidAPIVersionString, asked, **{OLD: version}
            )
