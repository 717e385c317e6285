# SPDX-License-Identifier: Apache-2.0
"""Protocol section 2: the target of a token."""

from __future__ import annotations

import ddt
import testtools

from openstack_idempotency.protocol import scope


@ddt.ddt
class TargetTest(testtools.TestCase):
    def assert_target(
        self, expected: str, path: str, project: str | None = None
    ) -> None:
        self.assertEqual(expected, scope.target("POST", path, project))

    def test_it_is_the_method_and_the_path(self) -> None:
        self.assert_target("POST /servers", "/servers")

    def test_other_methods_are_other_targets(self) -> None:
        self.assertNotEqual(
            scope.target("POST", "/servers", None),
            scope.target("PUT", "/servers", None),
        )

    def test_the_project_of_the_path_does_not_count(self) -> None:
        self.assert_target("POST /servers", "/abc/servers", "abc")
        self.assert_target("POST /servers/1/action", "/abc/servers/1/action",
                          "abc")  # fmt: skip

    def test_only_the_first_segment_is_the_project(self) -> None:
        self.assert_target("POST /servers/abc/action", "/servers/abc/action",
                          "abc")  # fmt: skip
        self.assert_target("POST /abc/x", "/abc/abc/x", "abc")

    def test_a_path_without_a_project_loses_nothing(self) -> None:
        self.assert_target("POST /abc/servers", "/abc/servers")
        self.assert_target("POST /abcd/servers", "/abcd/servers", "abc")

    def test_two_servers_are_two_targets(self) -> None:
        self.assertNotEqual(
            scope.target("POST", "/servers/A/action", None),
            scope.target("POST", "/servers/B/action", None),
        )

    def test_case_counts(self) -> None:
        self.assertNotEqual(
            scope.target("POST", "/servers/a/action", None),
            scope.target("POST", "/servers/A/action", None),
        )

    @ddt.data("/servers/", "servers", "//servers", "/servers//")
    def test_slashes_at_the_ends_and_doubled_do_not_count(
        self, path: str
    ) -> None:
        self.assert_target("POST /servers", path)

    def test_the_root_is_a_target(self) -> None:
        self.assert_target("POST /", "/")
        self.assert_target("POST /", "")
        self.assert_target("POST /", "/abc", "abc")

    def test_what_has_to_be_escaped_is_escaped_in_one_way(self) -> None:
        self.assert_target("POST /a%20b/%C3%A9/100%25", "/a b/\xc3\xa9/100%")

    def test_an_escape_is_not_what_it_stands_for(self) -> None:
        # WSGI undoes one level: these were sent as /a%2520b and /a%20b.
        self.assertNotEqual(
            scope.target("POST", "/a%20b", None),
            scope.target("POST", "/a b", None),
        )

    def test_every_byte_of_a_path_has_its_own_target(self) -> None:
        targets = {
            scope.target("POST", f"/x{chr(byte)}y", None)
            for byte in range(256)
        }
        self.assertEqual(256, len(targets))
        self.assertTrue(all(target.isascii() for target in targets))
