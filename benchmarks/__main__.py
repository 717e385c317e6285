# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks`: measure, print a table, and keep the samples."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import time

from rich import console
from rich import progress

from benchmarks import crowds
from benchmarks import engine
from benchmarks import growth
from benchmarks import header
from benchmarks import memory
from benchmarks import nodes
from benchmarks import nova_api
from benchmarks import plot
from benchmarks import purge
from benchmarks import report
from benchmarks import rush
from benchmarks import throughput
from benchmarks.comparison import Comparison
from benchmarks.peers import comparing
from benchmarks.plan import Plan
from benchmarks.sites import Sites
from testing import databases

_SUBJECTS = {
    "engine": engine.run,
    "header": header.run,
    "nova": nova_api.run,
    "growth": growth.run,
    "crowds": crowds.run,
    "rush": rush.run,
    "throughput": throughput.run,
    "purge": purge.run,
    "memory": memory.run,
    "peers": comparing.run,
}
# Only when it is asked for: it has database servers of its own.
_APART = {"galera": nodes.run}
_KNOWN = _SUBJECTS | _APART
_PLOTS = Path("var") / "benchmarks"
_SAMPLES = Path("var") / "benchmarks.json"


def main() -> int:
    """Measure what is asked for; 0 unless it could not be measured."""
    arguments = _parser().parse_args()
    backends = tuple(
        name
        for name in arguments.database or databases.SERVERS
        if not databases.missing(name)
    )
    if not backends:
        print("No such database server answers: see CONTRIBUTING.md.")
        return 2
    out = console.Console(stderr=True)
    with (
        Sites() as sites,
        progress.Progress(console=out, disable=not out.is_terminal) as bar,
    ):
        plan = Plan(arguments.quick, backends, sites, bar, arguments.rounds)
        found, took = _measured(plan, arguments)
    report.show(found)
    spent = ", ".join(f"{name} {n:.0f}" for name, n in took.items())
    print(f"seconds: {sum(took.values()):.0f} ({spent})")
    print(f"samples: {arguments.samples}; plots: {arguments.plots}")
    return 0


def _measured(
    plan: Plan, arguments: argparse.Namespace
) -> tuple[list[report.Found], dict[str, float]]:
    """Return what was found, and the seconds of each subject."""
    everything: list[report.Found] = []
    took: dict[str, float] = {}
    facts = {
        "quick": plan.quick,
        "servers": plan.backends,
        "seconds": took,
    }
    for name in arguments.subjects or _SUBJECTS:
        began = time.perf_counter()
        found: list[report.Found] = []
        for one in _KNOWN[name](plan):
            found.append(one)
            took[name] = time.perf_counter() - began
            # Each time: what comes later may fail.
            report.write(arguments.samples, [*everything, *found], facts)
        everything += found
        ratios = [one for one in found if isinstance(one, Comparison)]
        if ratios:
            plot.write(arguments.plots / f"{name}.svg", ratios)
    return everything, took


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "subjects",
        nargs="*",
        help=f"what to measure, of {', '.join(_KNOWN)} (default: all "
        f"but {', '.join(_APART)})",
    )
    parser.add_argument(
        "--database",
        action="append",
        choices=list(databases.SERVERS),
        help="only on this server; may be given again (default: on each)",
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
