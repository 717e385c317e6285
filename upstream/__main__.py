# SPDX-License-Identifier: Apache-2.0
"""`python -m upstream`: run Nova's own tests, and compare what they find."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
import re
import sys
import time
import typing as ty

from testing import results
from upstream import comparison
from upstream import doubled
from upstream import exceptions
from upstream import execution
from upstream.run import Pass
from upstream.run import Run
from upstream.run import Suite
from upstream.run import without_scenario

_SUITES = {suite.name.lower(): suite for suite in Suite}
_PASSES = {
    Suite.UNIT: (Pass.STOCK, Pass.OURS),
    Suite.FUNCTIONAL: (Pass.STOCK, Pass.OURS, Pass.REPEATED),
}


def main() -> int:
    """Run what is asked for; return 0 if nothing differs."""
    arguments = _parser().parse_args()
    suites = [_SUITES[name] for name in arguments.suite or _SUITES]
    if arguments.list:
        _list(suites, arguments.only)
        return 0
    started = time.monotonic()
    compared = problems = 0
    for suite in suites:
        found = {}
        for kind in _PASSES[suite]:
            run = _run(suite, kind, arguments.only)
            asked = kind.value in (arguments.kind or [kind.value])
            found[kind], wrong = _found(
                run, arguments.concurrency if asked else None
            )
            problems += wrong
        for kind in _PASSES[suite][1:]:
            result = _compare(suite, kind, found)
            if result.differences:
                result = _settle(suite, kind, result)
            compared += result.compared
            problems += len(result.differences) + len(result.stale)
            problems += not result.compared
    took = (time.monotonic() - started) / 60
    print(f"{compared} compared, {problems} problems in {took:.0f} minutes")
    return int(bool(problems))


def _run(suite: Suite, kind: Pass, only: str, why: str = "") -> Run:
    name = f"{suite.name.lower()}-{kind.value}{why}"
    return Run(suite, kind, Path("var/upstream", name).absolute(), only)


def _found(run: Run, concurrency: int | None) -> tuple[dict[str, str], int]:
    """Return a pass's results, and how many problems it has.

    Without a concurrency it is not run, and they are those of before.
    """
    print(f"{run} ({run.output.relative_to(Path.cwd())}):", flush=True)
    if concurrency is not None:
        execution.execute(run, concurrency)
    elif not run.output.exists():
        print("  It was not run before.")
        return {}, 1
    for line in execution.totals(run):
        print(f"  {line}")
    found = results.read(run.folder)
    ran = {without_scenario(test) for test in found}
    lost = [test for test in run.selected() if test not in ran]
    _show("selected, and not run", lost)
    if run.kind is Pass.STOCK:
        # These are Nova's own: where they fail in each pass, nothing differs.
        _show("fails without us", results.failed(found))
    problems = len(lost) + (not found)
    if not found:
        print("  It ran nothing.")
    routers = execution.routers(run)
    print(f"  Our router was loaded {routers} times.")
    # Otherwise the pass shows nothing.
    problems += bool(routers) is (run.kind is Pass.STOCK)
    if run.kind is Pass.REPEATED:
        problems += _judge(run)
    sys.stdout.flush()
    return found, problems


def _judge(run: Run) -> int:
    """Return how many POSTs the protocol finds fault with."""
    figures = doubled.Figures.of(doubled.read(run.repeats))
    print(f"  {figures}")
    _show("against the protocol", [str(one) for one in figures.faulty])
    if not figures.replayed:
        print("  It shows nothing: no POST was replayed.")
    return len(figures.faulty) + (not figures.replayed)


def _settle(
    suite: Suite, kind: Pass, result: comparison.Comparison
) -> comparison.Comparison:
    """Run what differs once more, in both passes, one test at a time."""
    tests = {without_scenario(one.test) for one in result.differences}
    only = f"^({'|'.join(map(re.escape, sorted(tests)))})$"
    found = {}
    for each in (Pass.STOCK, kind):
        run = _run(suite, each, only, f"-for-{kind.value}")
        execution.execute(run, concurrency=1)
        found[each] = results.read(run.folder)
    settled = comparison.settled(result, found[Pass.STOCK], found[kind])
    _show("differs alone, too", [str(one) for one in settled.differences])
    _show("does not differ alone", settled.unsteady)
    sys.stdout.flush()
    return settled


def _compare(
    suite: Suite, kind: Pass, found: ty.Mapping[Pass, ty.Mapping[str, str]]
) -> comparison.Comparison:
    listed = exceptions.EXCEPTIONS if kind is Pass.REPEATED else {}
    result = comparison.compare(found[Pass.STOCK], found[kind], listed)
    print(
        f"{suite.name.lower()}, {Pass.STOCK.value} and {kind.value}: "
        f"{result.compared} tests compared, {len(result.differences)} differ, "
        f"{result.excused} more as listed"
    )
    _show("differs", [str(one) for one in result.differences])
    _show("listed, and does not differ", result.stale)
    sys.stdout.flush()
    return result


def _show(what: str, lines: list[str] | tuple[str, ...]) -> None:
    for line in lines:
        print(f"  {what}: {line}")


def _list(suites: list[Suite], only: str) -> None:
    os.environ.update(execution.SETTINGS)
    logging.disable()  # Nova logs to where the names go
    from upstream import selection  # Nova reads the settings when imported

    for suite in suites:
        run = _run(suite, Pass.STOCK, only)
        tests, errors = selection.load(run)
        for line in [*errors, *sorted(test.id() for test in tests)]:
            print(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upstream", description=__doc__)
    parser.add_argument(
        "--list", action="store_true", help="name the tests, and run none"
    )
    parser.add_argument(
        "--suite", action="append", choices=_SUITES, help="run only this one"
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="REGEX",
        help="run only those selected tests whose ids match",
    )
    parser.add_argument(
        "--pass",
        action="append",
        dest="kind",
        choices=[kind.value for kind in Pass],
        help="run only this one; take the others' results from before",
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        default=2,
        help="how many processes run tests (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
