# SPDX-License-Identifier: Apache-2.0
"""How two sides compare, how sure that is, and whether a mark is met."""

from __future__ import annotations

import dataclasses
import enum
import random
import typing as ty

from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.block import quantile

# How often the pairs are drawn again, and what share of the ratios that come
# out of it the interval holds.
_DRAWS = 1000
_HELD = 0.95


class Verdict(enum.Enum):
    """Whether a mark is met, as far as the measurement can tell."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "undecided"


@dataclasses.dataclass(frozen=True)
class Interval:
    """A ratio, and between what the true one lies most probably.

    :param ratio: as measured
    :param low: the lower end
    :param high: the upper end
    """

    ratio: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.ratio:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclasses.dataclass(frozen=True)
class Mark:
    """What a ratio has to be.

    :param limit: the ratio that is just good enough
    :param at_least: whether a higher one is better
    """

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.limit}"

    def verdict(self, interval: Interval) -> Verdict:
        """Judge a ratio: undecided where its interval holds the mark.

        :param interval: the ratio
        """
        if interval.low < self.limit < interval.high:
            return Verdict.UNDECIDED
        above = interval.low >= self.limit
        below = interval.high <= self.limit
        good = above if self.at_least else below
        return Verdict.MET if good else Verdict.MISSED


def compared(
    measure: Measure, pairs: ty.Sequence[Pair], seed: int = 1
) -> Interval:
    """Compare a figure of the first side with that of the second.

    The interval is a percentile bootstrap over the pairs: whole pairs are
    drawn again, with replacement, so what both sides of a pair have in common
    is in both.

    :param measure: the figure
    :param pairs: a block of each side in each of them; two or more
    :param seed: of the draws
    :raises ValueError: there are too few pairs, or the second side's is zero
    """
    if len(pairs) < 2:
        raise ValueError("one pair says nothing of the spread: measure more")
    chance = random.Random(seed)
    # Blocks in order are put into one order much faster, in each draw.
    pairs = [(_in_order(mine), _in_order(base)) for mine, base in pairs]
    drawn = [
        _ratio(measure, chance.choices(pairs, k=len(pairs)))
        for _ in range(_DRAWS)
    ]
    outside = (1 - _HELD) / 2
    return Interval(
        _ratio(measure, pairs),
        quantile(drawn, outside),
        quantile(drawn, 1 - outside),
    )


def _in_order(block: Block) -> Block:
    return dataclasses.replace(block, seconds=tuple(sorted(block.seconds)))


def _ratio(measure: Measure, pairs: ty.Sequence[Pair]) -> float:
    mine, base = zip(*pairs, strict=True)
    divisor = measure.of(base)
    if not divisor:
        raise ValueError(f"what it is compared with has no {measure.value}")
    return measure.of(mine) / divisor
