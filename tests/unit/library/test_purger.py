# SPDX-License-Identifier: Apache-2.0
"""The purge of a process does all that it can: protocol section 6."""

from __future__ import annotations

import typing as ty

import ddt
import testtools

from openstack_idempotency.sql.purge import Batch
from openstack_idempotency.sql.purger import Purger
from openstack_idempotency.sql.walking import Walked

_NEWEST = 9


class _Tokens:
    """A table of which one step may fail each time."""

    def __init__(self) -> None:
        self.fails = ""
        self.done: list[str] = []
        self.walked: list[int] = []

    def _do(self, step: str) -> None:
        self.done.append(step)
        if step == self.fails:
            raise LookupError(step)

    def newest(self) -> int:
        self._do("newest")
        return _NEWEST

    def walk(self, lasting: ty.Any, after: int, limit: int) -> Walked:
        self.walked.append(after)
        self._do("walk")
        return Walked(0, 0, after + limit)

    def strip(self, limit: int) -> Batch:
        self._do("strip")
        return Batch((), 0)

    def purge(self, limit: int) -> Batch:
        self._do("purge")
        return Batch((), 0)


@ddt.ddt
class PurgerTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tokens = _Tokens()
        self.purger = Purger(
            ty.cast(ty.Any, self.tokens), (), interval=60, batch=2
        )

    @ddt.data("newest", "walk", "strip", "purge")
    def test_what_fails_keeps_nothing_else_from_its_turn(
        self, step: str
    ) -> None:
        self.tokens.fails = step
        error = self.assertRaises(LookupError, self.purger.purge)
        self.assertEqual(step, str(error))
        others = {"walk", "strip", "purge"} - {step}
        if step == "newest":  # without it nobody knows where to begin
            others.remove("walk")
        self.assertLessEqual(others, {*self.tokens.done})

    def test_it_walks_on_from_where_it_was(self) -> None:
        for _ in range(3):
            self.purger.purge()
        first, *others = self.tokens.walked
        self.assertIn(first, range(_NEWEST + 1))
        self.assertEqual([first + 2, first + 4], others)

    def test_a_stretch_that_fails_does_not_keep_it_there(self) -> None:
        self.tokens.fails = "walk"
        for _ in range(50):
            self.assertRaises(LookupError, self.purger.purge)
        self.assertGreater(len({*self.tokens.walked}), 1)
