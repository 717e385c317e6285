# SPDX-License-Identifier: Apache-2.0
"""Draws the ratios of a run: a dot, its interval, and the mark."""

from __future__ import annotations

import math
from pathlib import Path
import typing as ty
from xml.sax import saxutils

from benchmarks.comparison import Comparison
from benchmarks.comparison import Figure
from benchmarks.ratio import Verdict

# Of the drawing, in pixels: where ratios begin and end, and what a line takes.
_LEFT, _RIGHT, _WIDTH = 430, 830, 960
_LINE, _TOP = 22, 34
_COLOURS = {
    Verdict.MET: "#1a7f37",
    Verdict.MISSED: "#c4302b",
    Verdict.UNDECIDED: "#9a6700",
    None: "#57606a",
}


def write(path: Path, comparisons: ty.Sequence[Comparison]) -> None:
    """Write a drawing of all figures.

    :param path: where to
    :param comparisons: what was measured; one or more
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(drawn(comparisons))


def drawn(comparisons: ty.Sequence[Comparison]) -> str:
    """Return a drawing of all figures, as SVG.

    :param comparisons: what was measured; one or more
    """
    named = [
        (f"{comparison.name}: {figure.measure.value}", figure)
        for comparison in comparisons
        for figure in comparison.figures
    ]
    scale = _Scale([figure for _, figure in named])
    height = _TOP + _LINE * len(named) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} '
        f'{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        _text(_LEFT - 10, 18, "ratio this / that, and mark", "end"),
    ]
    for value in scale.ticks:
        x = scale.x(value)
        lines.append(_stroke((x, _TOP - 8), (x, height), "#d0d7de"))
        lines.append(_text(x, 18, f"{value:g}", "middle"))
    for number, (name, figure) in enumerate(named):
        lines += _row(_TOP + _LINE * number + 8, name, figure, scale)
    return "\n".join([*lines, "</svg>"]) + "\n"


class _Scale:
    """Where a ratio is, on a scale of logarithms that holds them all.

    :param figures: the figures with their ratios
    """

    def __init__(self, figures: ty.Sequence[Figure]) -> None:
        values = [1.0]
        for figure in figures:
            values += [figure.interval.low, figure.interval.high]
            values += [figure.mark.limit] if figure.mark else []
        # What is not above zero has no logarithm.
        values = [value for value in values if value > 0]
        self._low = math.log(min(values) / 1.1)
        self._high = math.log(max(values) * 1.1)

    def x(self, value: float) -> float:
        """Return where a ratio is, in pixels from the left."""
        at = math.log(value) if value > 0 else self._low
        share = (at - self._low) / (self._high - self._low)
        return round(_LEFT + share * (_RIGHT - _LEFT), 1)

    @property
    def ticks(self) -> list[float]:
        """The round values that it shows."""
        decades = range(-3, 5)
        steps = [f * 10.0**n for n in decades for f in (1, 2, 5)]
        shown = [
            step
            for step in steps
            if self._low <= math.log(step) <= self._high
        ]
        return shown[:: 1 + len(shown) // 8]


def _row(
    y: float, name: str, figure: Figure, scale: _Scale
) -> list[str]:
    colour = _COLOURS[figure.verdict]
    low, high = scale.x(figure.interval.low), scale.x(figure.interval.high)
    dot = scale.x(figure.interval.ratio)
    row = [
        _text(_LEFT - 10, y + 4, name, "end"),
        _stroke((low, y), (high, y), colour, 3),
        f'<circle cx="{dot}" cy="{y}" r="4" fill="{colour}"/>',
        _text(_RIGHT + 12, y + 4, f"{figure.interval.ratio:.3g}", "start"),
    ]
    if figure.mark:
        x = scale.x(figure.mark.limit)
        row.append(_stroke((x, y - 8), (x, y + 8), "black", 2))
        verdict = figure.verdict.value if figure.verdict else ""
        row.append(_text(_RIGHT + 60, y + 4, verdict, "start"))
    return row


def _stroke(
    begin: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    width: int = 1,
) -> str:
    return (
        f'<line x1="{begin[0]}" y1="{begin[1]}" x2="{end[0]}" y2="{end[1]}" '
        f'stroke="{colour}" stroke-width="{width}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    content = saxutils.escape(text)
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{content}</text>'
