# SPDX-License-Identifier: Apache-2.0
"""The guide for operators has the steps that are played, and is checked."""

from __future__ import annotations

import unittest

import ddt

from rollout import guide
from rollout import steps
from rollout.wish import Wish


class GuideTest(unittest.TestCase):
    def test_its_steps_are_those_that_are_played_in_their_order(self) -> None:
        self.assertEqual([title for title, _ in steps.STEPS], guide.steps())


@ddt.ddt
class WishTest(unittest.TestCase):
    """What a client got is judged by what is there."""

    @ddt.data(
        (Wish("w", told=["a"]), ["a"]),
        (Wish("w", "token", told=["a", "a"]), ["a"]),
        # Its answer was lost, and it may not ask again.
        (Wish("w", "token"), []),
        (Wish("w", "token"), ["a"]),
    )
    @ddt.unpack
    def test_nothing_is_wrong(self, wish: Wish, there: list[str]) -> None:
        self.assertEqual([], wish.wrong(there))

    @ddt.data(
        (Wish("w", "token"), ["a", "b"], "there are 2"),
        (Wish("w", "token", told=["a", "b"]), ["a"], "name several"),
        (Wish("w", "token", told=["b"]), ["a"], "not there"),
        (Wish("w"), ["a"], "not answered"),
        (Wish("w", told=["a"], refused=["failed: 503"]), ["a"], "503"),
    )
    @ddt.unpack
    def test_it_is_found(
        self, wish: Wish, there: list[str], what: str
    ) -> None:
        self.assertIn(what, "; ".join(wish.wrong(there)))
