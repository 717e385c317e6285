# SPDX-License-Identifier: Apache-2.0
"""Figures that are compared with nothing else."""

from __future__ import annotations

import dataclasses
import typing as ty

from benchmarks.ratio import Interval
from benchmarks.ratio import Mark
from benchmarks.target import Target


@dataclasses.dataclass(frozen=True)
class Reading:
    """What was counted or read once.

    :param name: what it is called in the table, unique in a run
    :param what: what was read, in words
    :param values: the figures by their names, which end with the unit
    :param marks: what some of them have to be
    :param notes: what else was seen
    """

    name: str
    what: str
    values: ty.Mapping[str, float]
    marks: ty.Mapping[str, Mark] = dataclasses.field(default_factory=dict)
    notes: ty.Mapping[str, ty.Any] = dataclasses.field(default_factory=dict)

    def targets(self) -> ty.Iterator[Target]:
        """Yield a target for each mark; a count leaves nothing undecided."""
        for key, mark in self.marks.items():
            value = self.values[key]
            verdict = mark.verdict(Interval(value, value, value))
            yield Target(f"{self.name}: {key}", f"{value:g}", mark, verdict)

    def document(self) -> dict[str, ty.Any]:
        """Return what the JSON file has of it."""
        return {
            "name": self.name,
            "what": self.what,
            "values": dict(self.values),
            "targets": [
                {
                    "target": target.name,
                    "mark": str(target.mark),
                    "verdict": target.verdict.value,
                }
                for target in self.targets()
            ],
            "notes": dict(self.notes),
        }
