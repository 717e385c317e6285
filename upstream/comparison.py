# SPDX-License-Identifier: Apache-2.0
"""Compares what two passes found, test by test."""

from __future__ import annotations

import dataclasses
import typing as ty

_ABSENT = "absent"


@dataclasses.dataclass(frozen=True)
class Difference:
    """A test that ended otherwise.

    :param test: its id
    :param before: its status in the first pass
    :param after: its status in the second one
    """

    test: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.test}: {self.before}, then {self.after}"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two passes side by side.

    :param compared: how many tests there are in both
    :param differences: those that differ, or are in one only, by their ids
    :param stale: exceptions that are none: they did not differ
    :param excused: how many differ as an exception says
    :param unsteady: tests that differed once, and alone did not
    """

    compared: int
    differences: tuple[Difference, ...]
    stale: tuple[str, ...] = ()
    excused: int = 0
    unsteady: tuple[str, ...] = ()

    @property
    def problems(self) -> int:
        """How many tests did not end as they had to."""
        return len(self.differences) + len(self.stale)


def compare(
    before: ty.Mapping[str, str],
    after: ty.Mapping[str, str],
    exceptions: ty.Mapping[str, str] | None = None,
) -> Comparison:
    """Compare two passes.

    :param before: the status of each test in the first one
    :param after: the status of each test in the second one
    :param exceptions: tests that may differ, with the reason; those that
        were in neither pass are ignored
    """
    excepted = exceptions or {}
    both = before.keys() | after.keys()
    differing = [
        Difference(test, before.get(test, _ABSENT), after.get(test, _ABSENT))
        for test in sorted(both)
        if before.get(test) != after.get(test)
    ]
    names = {difference.test for difference in differing}
    unexcused = tuple(one for one in differing if one.test not in excepted)
    return Comparison(
        compared=len(before.keys() & after.keys()),
        differences=unexcused,
        stale=tuple(sorted((excepted.keys() & both) - names)),
        excused=len(differing) - len(unexcused),
    )


def settled(
    first: Comparison,
    before: ty.Mapping[str, str],
    after: ty.Mapping[str, str],
) -> Comparison:
    """Return a comparison without what differed beside other tests only.

    Some of Nova's tests end otherwise now and then where the machine is busy.

    :param first: a comparison
    :param before: the status of each test that differed in it, run by itself
        in the first pass
    :param after: the same in the second one
    """
    unsteady = tuple(
        one.test
        for one in first.differences
        if one.test in before and before[one.test] == after.get(one.test)
    )
    lasting = (one for one in first.differences if one.test not in unsteady)
    return dataclasses.replace(
        first, differences=tuple(lasting), unsteady=unsteady
    )
