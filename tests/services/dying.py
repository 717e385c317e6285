# SPDX-License-Identifier: Apache-2.0
"""A worker that dies, or fails, after each commit: protocol section 3.

Most operations commit once what their answer tells. Of the others no retry may
be told more than was committed. Which ones they are is seen, not known: each
is run once, and then again with a fault after each of the commits from the one
that binds it.
"""

from __future__ import annotations

import collections
import typing as ty

from tests.services import operations
from tests.services.base import Died
from tests.services.commits import Commits
from tests.services.commits import Transaction
from tests.services.sample import Wanted


class Broken(Exception):
    """What nobody expects."""


class Committed(operations.Linked):
    """What is told of what is committed in part."""

    def check_each_commit(self, path: str) -> None:
        whole = self.whole(path)
        first = [one.binds for one in whole].index(True) + 1
        for number in range(first, len(whole)):
            self.check_dying(path, whole, number)
        for number in range(first, len(whole) + 1):
            self.check_failing(path, whole, number)

    def whole(self, path: str) -> list[Transaction]:
        """Return what is committed where nothing goes wrong."""
        # The first of all makes what the others find.
        self.post(path, self.wanted(path))
        wanted = self.wanted(path)
        with Commits(self.world.engine) as ran:
            self.post(path, wanted, "whole")
        return ran.committed

    def told(
        self, path: str, committed: ty.Iterable[Transaction]
    ) -> collections.Counter[str]:
        """Count the writes that an answer may tell of."""
        untold = self.samples[path].untold
        return collections.Counter(
            write
            for one in committed
            for write in one.writes
            if write not in untold and write.split()[1] not in self.books
        )

    def check_dying(
        self, path: str, whole: list[Transaction], number: int
    ) -> None:
        wanted, token = self.wanted(path), f"dies-{number}"
        with Commits(self.world.engine, Died, number, dead=True):
            self.assertRaises(Died, self.post, path, wanted, token)
        self.change(lease_until=0)
        with self.effects() as seen:
            retry = self.post(path, wanted, token)
        self.assertEqual([], seen)
        missing = self.told(path, whole[number:])
        kind = self.row(path).kind
        assert kind is not None
        lost = bool(missing) or kind.followed
        expected = "answer-lost" if lost else "rebuilt"
        says = f"{path} without {[*missing]}: {retry.text}"
        self.assertEqual(expected, self.state(retry), says)

    def check_failing(
        self, path: str, whole: list[Transaction], number: int
    ) -> None:
        wanted, token = self.wanted(path), f"fails-{number}"
        with Commits(self.world.engine, Broken, number) as ran:
            first = self.post(path, wanted, token)
        retry = self.retried(path, wanted, token)
        for answer in (first, retry):
            if answer is not None and answer.status_int < 300:
                says = f"{path}: {self.state(answer)} after {number} commits"
                asked = self.told(path, whole)
                done = self.told(path, ran.committed)
                # Some services also add what earlier requests lack.
                more = [w for w in done - asked if not w.startswith("INSERT")]
                self.assertEqual(([], []), ([*asked - done], more), says)

    def retried(self, path: str, wanted: Wanted, token: str) -> ty.Any:
        """Return the answer to a retry, None where that ran by itself."""
        retry = self.post(path, wanted, token)
        return None if self.state(retry) == "executed" else retry
