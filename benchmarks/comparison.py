# SPDX-License-Identifier: Apache-2.0
"""One comparison: its blocks, its figures, and the marks that it has."""

from __future__ import annotations

import dataclasses
import functools
import typing as ty

from benchmarks import ratio
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.ratio import Interval
from benchmarks.ratio import Mark
from benchmarks.ratio import Verdict
from benchmarks.target import Target

# Of fewer pairs of blocks, the interval is too narrow: they are drawn too much
# alike.
_ENOUGH = 6


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the table.

    :param measure: what it is
    :param mine: that of what is measured
    :param base: that of what it is compared with
    :param interval: their ratio
    :param mark: what the ratio has to be, if anything
    :param enough: whether it is from so many pairs that it can be judged
    """

    measure: Measure
    mine: float
    base: float
    interval: Interval
    mark: Mark | None
    enough: bool

    @property
    def verdict(self) -> Verdict | None:
        """Whether the mark is met; None without one."""
        if self.mark and not self.enough:
            return Verdict.UNDECIDED
        return self.mark.verdict(self.interval) if self.mark else None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two sides that were measured in turns.

    :param name: what it is called in the table, unique in a run
    :param mine: what is measured, in words
    :param base: what it is compared with, in words
    :param measures: its figures
    :param pairs: the blocks
    :param marks: what the ratios of figures have to be
    :param notes: what else was seen
    :param enough: of fewer pairs, marks are undecided
    """

    name: str
    mine: str
    base: str
    measures: ty.Sequence[Measure]
    pairs: ty.Sequence[Pair]
    marks: ty.Mapping[Measure, Mark] = dataclasses.field(default_factory=dict)
    notes: ty.Mapping[str, ty.Any] = dataclasses.field(default_factory=dict)
    enough: int = _ENOUGH

    @functools.cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures; an interval takes seconds, so it is found once."""
        mine, base = zip(*self.pairs, strict=True)
        return tuple(
            Figure(
                measure,
                measure.of(mine),
                measure.of(base),
                ratio.compared(measure, self.pairs),
                self.marks.get(measure),
                len(self.pairs) >= self.enough,
            )
            for measure in self.measures
        )

    def targets(self) -> ty.Iterator[Target]:
        """Yield a target for each figure that has a mark."""
        for figure in self.figures:
            if figure.mark and figure.verdict:
                yield Target(
                    f"{self.name}: {figure.measure.value}",
                    str(figure.interval),
                    figure.mark,
                    figure.verdict,
                )

    def document(self) -> dict[str, ty.Any]:
        """Return what the JSON file has of it, all samples among it."""
        figures = [
            {
                "figure": figure.measure.value,
                "mine": figure.mine,
                "base": figure.base,
                "ratio": dataclasses.asdict(figure.interval),
                "mark": str(figure.mark) if figure.mark else None,
                "verdict": figure.verdict.value if figure.verdict else None,
            }
            for figure in self.figures
        ]
        return {
            "name": self.name,
            "mine": self.mine,
            "base": self.base,
            "figures": figures,
            "notes": dict(self.notes),
            "pairs": [
                [dataclasses.asdict(block) for block in pair]
                for pair in self.pairs
            ],
        }
