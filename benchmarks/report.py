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

_PACKAGES = ("nova", "SQLAlchemy", "oslo.db", "PyMySQL", "psycopg2-binary")


def write(
    path: Path, comparisons: ty.Sequence[Comparison], facts: dict[str, ty.Any]
) -> None:
    """Write the JSON file, with every sample.

    :param path: where to
    :param comparisons: what was measured
    :param facts: how the run was asked for, and on what servers it was
    """
    document = {
        "machine": machine(),
        **facts,
        "comparisons": [one.document() for one in comparisons],
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
    comparisons: ty.Sequence[Comparison], out: console.Console | None = None
) -> None:
    """Print a table for each comparison, and last how many marks are met.

    :param comparisons: what was measured
    :param out: where to, if not to the terminal
    """
    out = out or console.Console()
    verdicts: collections.Counter[str] = collections.Counter()
    for comparison in comparisons:
        lines = table.Table(
            "", "this", "that", "ratio", "mark", "", box=None, pad_edge=False
        )
        for figure in comparison.figures():
            lines.add_row(*_row(figure))
            if figure.verdict:
                verdicts[figure.verdict.value] += 1
        out.print(f"\n[bold]{comparison.name}[/bold]")
        out.print(f"this: {comparison.mine}\nthat: {comparison.base}")
        out.print(lines)
    count = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
    out.print(f"\nmarks: {count or 'none'}")


def _row(figure: Figure) -> list[str]:
    return [
        figure.measure.value,
        f"{figure.mine:.4g}",
        f"{figure.base:.4g}",
        str(figure.interval),
        str(figure.mark or ""),
        figure.verdict.value if figure.verdict else "",
    ]
