# SPDX-License-Identifier: Apache-2.0
"""What a run leaves behind: a table on the terminal, and a JSON file."""

from __future__ import annotations

import collections
import importlib.metadata
import json
import os
from pathlib import Path
import platform
import typing as ty

from rich import console
from rich import table

from benchmarks.comparison import Comparison
from benchmarks.comparison import Figure
from benchmarks.reading import Reading

#: What a subject finds.
Found = Comparison | Reading

_PACKAGES = ("nova", "SQLAlchemy", "oslo.db", "PyMySQL", "psycopg2-binary")


def write(
    path: Path, found: ty.Sequence[Found], facts: dict[str, ty.Any]
) -> None:
    """Write the JSON file, with every sample.

    :param path: where to
    :param found: what was measured
    :param facts: how the run was asked for, and on what servers it was
    """
    document = {
        "machine": machine(),
        **facts,
        "found": [one.document() for one in found],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def machine() -> dict[str, ty.Any]:
    """Return what figures depend on, and how busy the machine is."""
    versions = {
        name: importlib.metadata.version(name) for name in _PACKAGES
    }
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": versions,
        "load": os.getloadavg(),
    }


def show(
    found: ty.Sequence[Found], out: console.Console | None = None
) -> None:
    """Print a table for each finding, and last a verdict for each target.

    :param found: what was measured
    :param out: where to, if not to the terminal
    """
    out = out or console.Console()
    for one in found:
        out.print(f"\n[bold]{one.name}[/bold]", highlight=False)
        match one:
            case Comparison():
                _show_comparison(one, out)
            case Reading():
                _show_reading(one, out)
    _show_verdicts(found, out)


def _show_comparison(one: Comparison, out: console.Console) -> None:
    lines = _table("", "this", "that", "ratio", "mark", "")
    for figure in one.figures:
        lines.add_row(*_row(figure))
    out.print(f"this: {one.mine}\nthat: {one.base}", highlight=False)
    out.print(lines)


def _show_reading(one: Reading, out: console.Console) -> None:
    lines = _table("", "")
    for name, value in one.values.items():
        lines.add_row(name, f"{value:.4g}")
    out.print(one.what, highlight=False)
    out.print(lines)


def _show_verdicts(found: ty.Sequence[Found], out: console.Console) -> None:
    lines = _table("target", "found", "mark", "verdict")
    verdicts: collections.Counter[str] = collections.Counter()
    for one in found:
        for target in one.targets():
            verdict = target.verdict.value
            lines.add_row(target.name, target.found, str(target.mark), verdict)
            verdicts[verdict] += 1
    out.print()
    out.print(lines)
    count = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
    out.print(f"\ntargets: {count or 'none'}", highlight=False)


def _table(*columns: str) -> table.Table:
    return table.Table(*columns, box=None, pad_edge=False)


def _row(figure: Figure) -> list[str]:
    return [
        figure.measure.value,
        f"{figure.mine:.4g}",
        f"{figure.base:.4g}",
        str(figure.interval),
        str(figure.mark or ""),
        figure.verdict.value if figure.verdict else "",
    ]
