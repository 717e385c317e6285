# SPDX-License-Identifier: Apache-2.0
"""What the gate sends."""

from __future__ import annotations

import unittest

from tests.fuzz import dice


class Shares(unittest.TestCase):
    """All tests together send what they must."""

    def test_they_are_enough(self) -> None:
        self.assertGreaterEqual(sum(dice.SHARES.values()), dice.LEAST)
