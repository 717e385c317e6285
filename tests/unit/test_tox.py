# SPDX-License-Identifier: Apache-2.0
"""What tox makes of tox.ini is what is written there, for each release."""

from __future__ import annotations

import ast
import pathlib
import unittest

_ROOT = pathlib.Path(__file__).parents[2]
_FILE = _ROOT / "tox.ini"
_FUNCTIONAL = _ROOT / "tests/functional"


class CommandsTest(unittest.TestCase):
    def test_no_line_has_a_backslash(self) -> None:
        # Of a regular expression tox takes them away without a word, and it
        # still is one, which excludes other tests.
        lines = _FILE.read_text().splitlines()
        self.assertEqual([], [line for line in lines if "\\" in line])


class OlderReleasesTest(unittest.TestCase):
    def test_no_functional_test_asserts_an_error_around_a_block(self) -> None:
        # The testtools of Nova 31 and 32 only take what is to be called.
        found = [
            f"{path.name}:{node.lineno}"
            for path in sorted(_FUNCTIONAL.rglob("*.py"))
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.With)
            and "self.assertRaises" in ast.unparse(node.items[0])
        ]
        self.assertEqual([], found)
