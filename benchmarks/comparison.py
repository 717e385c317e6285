# SPDX-License-Identifier: Apache-2.0
"""One comparison: its blocks, its figures, and the marks that it has."""

from __future__ import annotations

import dataclasses
import typing as ty

from benchmarks import ratio
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.ratio import Interval
from benchmarks.ratio import Mark
from benchmarks.ratio import Verdict

# Of fewer pairs, the interval is too narrow: they are drawn too much alike.
_ENOUGH = 6


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the table.

    :param measure: what it is
    :param mine: that of what is measured
    :param base: that of what it is compared with
    :param interval: their ratio
    :param mark: what the ratio has to be, if anything
    :param pairs: how many pairs of blocks it is from
    """

    measure: Measure
    mine: float
    base: float
    interval: Interval
    mark: Mark | None
    pairs: int

    @property
    def verdict(self) -> Verdict | None:
        """Whether the mark is met; None without one."""
        if self.mark and self.pairs < _ENOUGH:
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
    """

    name: str
    mine: str
    base: str
    measures: ty.Sequence[Measure]
    pairs: ty.Sequence[Pair]
    marks: ty.Mapping[Measure, Mark] = dataclasses.field(default_factory=dict)
    notes: ty.Mapping[str, ty.Any] = dataclasses.field(default_factory=dict)

    def figures(self) -> ty.Iterator[Figure]:
        """Yield its figures."""
        mine, base = zip(*self.pairs, strict=True)
        for measure in self.measures:
            yield Figure(
                measure,
                measure.of(mine),
                measure.of(base),
                ratio.compared(measure, self.pairs),
                self.marks.get(measure),
                len(self.pairs),
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
            for figure in self.figures()
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
