# SPDX-License-Identifier: Apache-2.0
"""The Go client's own tests, its style, and what it needs."""

from __future__ import annotations

import os
import subprocess

import testtools

from testing import golang

# Tests that wait for a fault do so beside each other.
_AT_ONCE = "16"


class GoTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        missing = golang.missing()
        if missing and golang.REQUIRED in os.environ:
            self.fail(missing)
        if missing:
            self.skipTest(missing)

    def go(self, *arguments):
        done = golang.go(*arguments)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def test_its_tests_pass(self):
        self.go("test", "-parallel", _AT_ONCE, "./...")

    def test_vet_finds_nothing(self):
        self.go("vet", "./...")

    def test_it_is_formatted(self):
        done = subprocess.run(
            ["gofmt", "-l", golang.SOURCES],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.assertEqual("", done.stdout)

    def test_the_standard_library_is_enough(self):
        standard = "{{if not .Standard}}{{.ImportPath}}{{end}}"
        used = self.go("list", "-deps", "-f", standard, ".").split()
        self.assertEqual([golang.PACKAGE], used)
