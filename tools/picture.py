# SPDX-License-Identifier: Apache-2.0
"""Draws the architecture, as an SVG, from the imports of the modules.

As a command it draws the other diagrams of the documentation, too.

Rooms are folders, the modules of a room are listed in it, and an arrow goes
from a room to each room that it imports from. Rooms stand on floors: each is
above all that it imports from, so that every arrow goes down.
"""

from __future__ import annotations

import argparse
import ast
import collections
import pathlib
import sys
import typing as ty
from xml.sax import saxutils

from tools import sequence
from tools import states

#: Each room, by the folder or file that it is, and what it is called.
ROOMS: ty.Final = {
    "nova/cmd": "nova.cmd: the operators' command",
    "nova/idempotency": "nova.idempotency: Nova's part",
    "nova/db/idempotency": "nova.db.idempotency: Nova's rows",
    "nova/conf": "nova.conf: options",
    "nova/openstack/common": "nova.openstack.common: @idempotent",
    "library/openstack_idempotency": "the library's top: put together",
    "library/openstack_idempotency/commands": "commands",
    "library/openstack_idempotency/serving": "serving: WSGI modules",
    "library/openstack_idempotency/services": "services: their adapters",
    "library/openstack_idempotency/middleware": "middleware: one filter",
    "library/openstack_idempotency/wsgi": "wsgi: headers",
    "library/openstack_idempotency/sql": "sql: tables, store, link",
    "library/openstack_idempotency/engine": "engine: run once, or replay",
    "library/openstack_idempotency/protocol": "protocol: values, decisions",
}
_FOLDERS: ty.Final = ("nova", "library/openstack_idempotency")

_WIDTH = 265
_GAP = 32
_LINE = 15
_CHARACTERS = 33  # that fit into a line of a room
_STYLE = """
rect { fill: #f7f7f4; stroke: #555; rx: 6; }
.library rect { fill: #eef4fb; }
text { font: 12px monospace; fill: #222; }
.title { font-weight: bold; }
path { fill: none; stroke: #777; marker-end: url(#head); }
"""

Arrows = dict[str, set[str]]


def modules(root: pathlib.Path) -> dict[str, pathlib.Path]:
    """Return our modules by their full names.

    :param root: the checkout
    """
    return {
        _name(path.relative_to(root)): path
        for folder in _FOLDERS
        for path in sorted((root / folder).rglob("*.py"))
        # What only holds others is no room.
        if room(path.relative_to(root)) is not None
    }


def _name(path: pathlib.Path) -> str:
    parts = path.with_suffix("").parts
    if parts[0] == "library":
        parts = parts[1:]
    return ".".join(parts).removesuffix(".__init__")


def room(path: pathlib.Path) -> str | None:
    """Return the room of a module: its folder, if that is one.

    :param path: the module's, below the checkout
    """
    folder = str(path.parent)
    return folder if folder in ROOMS else None


def arrows(root: pathlib.Path) -> tuple[dict[str, list[str]], Arrows]:
    """Return the modules of each room, and the rooms that each needs.

    :param root: the checkout
    """
    ours = modules(root)
    rooms = {name: str(p.parent.relative_to(root)) for name, p in ours.items()}
    inside = collections.defaultdict(list)
    needs: Arrows = collections.defaultdict(set)
    for name, path in ours.items():
        here = rooms[name]
        if path.name != "__init__.py":
            inside[here].append(name.rpartition(".")[2])
        for imported in _imports(ast.parse(path.read_text("utf-8"))):
            there = rooms.get(imported) or rooms.get(
                imported.rpartition(".")[0]
            )
            if there is not None:
                needs[here].add(there)
        needs[here].discard(here)
    return dict(inside), dict(needs)


def _imports(tree: ast.Module) -> ty.Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floors(rooms: ty.Collection[str], needs: Arrows) -> dict[str, int]:
    """Return the floor of each room: above all that it needs.

    :param rooms: the rooms
    :param needs: the rooms that each needs
    :raises ValueError: rooms need each other in a circle
    """
    found: dict[str, int] = {}
    while len(found) < len(rooms):
        ready = {
            one: max((found[o] for o in needs.get(one, ())), default=-1) + 1
            for one in rooms
            if one not in found and needs.get(one, set()) <= found.keys()
        }
        if not ready:
            left = ", ".join(sorted(set(rooms) - found.keys()))
            raise ValueError(f"these need each other in a circle: {left}")
        found |= ready
    return found


def _wrapped(names: ty.Sequence[str]) -> list[str]:
    lines = [""]
    for name in sorted(names):
        longer = f"{lines[-1]} {name}".strip()
        if len(longer) > _CHARACTERS:
            lines.append(name)
        else:
            lines[-1] = longer
    return lines


def draw(inside: dict[str, list[str]], needs: Arrows) -> str:
    """Return the picture.

    :param inside: the modules of each room
    :param needs: the rooms that each needs
    """
    level = floors(inside, needs)
    boxes, top, right = {}, _GAP, 0
    for floor in sorted(set(level.values()), reverse=True):
        row = [one for one in ROOMS if level.get(one) == floor]
        texts = {one: _wrapped(inside[one]) for one in row}
        height = (max(map(len, texts.values())) + 2) * _LINE
        for number, one in enumerate(row):
            left = _GAP + number * (_WIDTH + _GAP)
            boxes[one] = (left, top, height, texts[one])
            right = max(right, left + _WIDTH + _GAP)
        top += height + 2 * _GAP
    parts = [_arrow(boxes[a], boxes[b]) for a, b in sorted(_direct(needs))]
    parts += [_room(one, *boxes[one]) for one in boxes]
    return _SVG.format(
        width=right, height=top - _GAP, style=_STYLE, parts="\n".join(parts)
    )


def _direct(needs: Arrows) -> set[tuple[str, str]]:
    """Return the arrows that no longer way down makes needless."""

    def below(one: str) -> set[str]:
        return {o for n in needs.get(one, ()) for o in (n, *below(n))}

    return {
        (one, other)
        for one, others in needs.items()
        for other in others
        if not any(other in below(o) for o in others - {other})
    }


def _arrow(
    above: tuple[int, int, int, ty.Any], under: tuple[int, int, int, ty.Any]
) -> str:
    x, y = above[0] + _WIDTH // 2, above[1] + above[2]
    to_x, to_y = under[0] + _WIDTH // 2, under[1] - 4
    bent = f"C{x} {y + _GAP} {to_x} {to_y - _GAP} {to_x} {to_y}"
    return f'<path d="M{x} {y} {bent}"/>'


def _room(one: str, left: int, top: int, height: int, lines: list[str]) -> str:
    kind = "library" if one.startswith("library") else "nova"
    written = [("title", ROOMS[one]), *(("names", line) for line in lines)]
    text = "\n".join(
        f'<text class="{style}" x="{left + 10}" '
        f'y="{top + (number + 1) * _LINE + 2}">{saxutils.escape(line)}</text>'
        for number, (style, line) in enumerate(written)
    )
    return (
        f'<g class="{kind}"><rect x="{left}" y="{top}" width="{_WIDTH}" '
        f'height="{height}"/>\n{text}</g>'
    )


_SVG: ty.Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>{style}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4"
 markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"
 style="fill: #777; stroke: none; marker-end: none"/></marker></defs>
{parts}
</svg>
"""


def pictures(root: pathlib.Path) -> dict[str, str]:
    """Return all diagrams by the names of their files.

    :param root: the checkout
    """
    return {
        "architecture.svg": draw(*arrows(root)),
        "sequence.svg": sequence.draw(),
        "states.svg": states.draw(),
    }


def main() -> int:
    """Write the pictures, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    for name, text in pictures(pathlib.Path.cwd()).items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
