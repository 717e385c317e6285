# SPDX-License-Identifier: Apache-2.0
"""What the diagrams of the documentation are drawn with, as SVG."""

from __future__ import annotations

import typing as ty
from xml.sax import saxutils

Point: ty.TypeAlias = tuple[int, int]

_LINE: ty.Final = 17
_STYLE: ty.Final = """
text { font: 14px sans-serif; fill: #222; }
.title { font-weight: bold; }
.small { font-size: 12px; fill: #555; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
rect { fill: #f7f7f4; stroke: #555; rx: 6; }
.ours { fill: #e3eefa; stroke: #2b5f94; }
.good { fill: #e6f4e6; stroke: #2f7d32; }
.bad { fill: #fbe9e7; stroke: #b3372a; }
path { fill: none; stroke: #444; stroke-width: 1.4; }
.arrow { marker-end: url(#head); }
.answer { stroke-dasharray: 6 4; }
.lost { stroke: #b3372a; }
.life { stroke: #bbb; }
"""
_PAGE: ty.Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}">
<title>{title}</title>
<style>{style}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4"
 markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"
 style="fill: #444; stroke: none"/></marker></defs>
<rect width="{width}" height="{height}" style="fill: #fff; stroke: none"/>
{parts}
</svg>
"""


def page(title: str, size: Point, parts: ty.Iterable[str]) -> str:
    """Return a picture.

    :param title: what those hear who cannot see it
    :param size: its width and height
    :param parts: what is on it, the undermost first
    """
    return _PAGE.format(
        title=saxutils.escape(title), width=size[0], height=size[1],
        style=_STYLE, parts="\n".join(parts),
    )  # fmt: skip


def text(at: Point, lines: str, style: str = "") -> str:
    """Return lines of text.

    :param at: where the first one stands
    :param lines: the lines
    :param style: its classes
    """
    return "\n".join(
        f'<text class="{style}" x="{at[0]}" y="{at[1] + number * _LINE}">'
        f"{saxutils.escape(line)}</text>"
        for number, line in enumerate(lines.splitlines())
    )


def box(corner: Point, size: Point, style: str = "") -> str:
    """Return a box.

    :param corner: its upper left one
    :param size: its width and height
    :param style: its classes
    """
    return (
        f'<rect class="{style}" x="{corner[0]}" y="{corner[1]}" '
        f'width="{size[0]}" height="{size[1]}"/>'
    )


def path(steps: str, style: str = "arrow") -> str:
    """Return a line.

    :param steps: as SVG writes them
    :param style: its classes
    """
    return f'<path class="{style}" d="{steps}"/>'
