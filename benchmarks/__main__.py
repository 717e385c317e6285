# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks`: measure, print a table, and keep the samples."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

from rich import console
from rich import progress

from benchmarks import crowds
from benchmarks import engine
from benchmarks import growth
from benchmarks import header
from benchmarks import nova_api
from benchmarks import plot
from benchmarks import report
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from testing import databases

_SUBJECTS = {
    "engine": engine.run,
    "header": header.run,
    "nova": nova_api.run,
    "growth": growth.run,
    "crowds": crowds.run,
}
_PLOTS = Path("var") / "benchmarks"
_SAMPLES = Path("var") / "benchmarks.json"


def main() -> int:
    """Measure what is asked for; 0 unless it could not be measured."""
    arguments = _parser().parse_args()
    backends = tuple(
        name for name in databases.SERVERS if not databases.missing(name)
    )
    if not backends:
        print("No database server answers: see CONTRIBUTING.md.")
        return 2
    facts = {"quick": arguments.quick, "servers": backends}
    comparisons: list[Comparison] = []
    out = console.Console(stderr=True)
    with progress.Progress(console=out, disable=not out.is_terminal) as bar:
        plan = Plan(arguments.quick, backends, bar, arguments.rounds)
        for name in arguments.subjects or _SUBJECTS:
            found: list[Comparison] = []
            for comparison in _SUBJECTS[name](plan):
                found.append(comparison)
                # Each time: what comes later may fail.
                report.write(
                    arguments.samples, [*comparisons, *found], facts
                )
            comparisons += found
            plot.write(arguments.plots / f"{name}.svg", found)
    report.show(comparisons)
    print(f"samples: {arguments.samples}; plots: {arguments.plots}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "subjects",
        nargs="*",
        help=f"what to measure, of {', '.join(_SUBJECTS)} (default: all)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="measure little: it shows that everything works, no more",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        help="pairs of blocks of each comparison (default: 16; quick: 2)",
    )
    parser.add_argument(
        "--samples",
        type=Path,
        default=_SAMPLES,
        help="the JSON file with every sample (default: %(default)s)",
    )
    parser.add_argument(
        "--plots",
        type=Path,
        default=_PLOTS,
        help="the folder of the plots (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
