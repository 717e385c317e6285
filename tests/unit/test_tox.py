# SPDX-License-Identifier: Apache-2.0
"""What tox makes of tox.ini is what is written there."""

from __future__ import annotations

import pathlib
import unittest

_FILE = pathlib.Path(__file__).parents[2] / "tox.ini"


class CommandsTest(unittest.TestCase):
    def test_no_line_has_a_backslash(self) -> None:
        # Of a regular expression tox takes them away without a word, and it
        # still is one, which excludes other tests.
        lines = _FILE.read_text().splitlines()
        self.assertEqual([], [line for line in lines if "\\" in line])
