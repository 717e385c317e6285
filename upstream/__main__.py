# SPDX-License-Identifier: Apache-2.0
"""`python -m upstream`: run a service's own tests, and compare the results."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
from pathlib import Path
import re
import resource
import sys
import tempfile
import time
import typing as ty

from testing import results
from upstream import comparison
from upstream import doubled
from upstream import execution
from upstream import services
from upstream.run import Run
from upstream.run import without_scenario
from upstream.service import Pass
from upstream.service import Service
from upstream.service import Suite


@dataclasses.dataclass(frozen=True)
class _Asked:
    """What the command was asked for.

    :param service: whose tests
    :param only: a regular expression that their ids match
    :param folder: what the runs leave behind
    """

    service: Service
    only: str
    folder: Path

    def run(
        self, suite: Suite, kind: Pass, only: str = "", why: str = ""
    ) -> Run:
        """Return a run of a suite.

        :param suite: the suite
        :param kind: what its tests are run on
        :param only: which of them, if not all that were asked for
        :param why: what tells its folder from that of another
        """
        name = f"{self.service.name}-{suite.name}-{kind.value}{why}"
        folder = self.folder.absolute() / name
        return Run(self.service, suite, kind, folder, only or self.only)


def main() -> int:
    """Run what is asked for; return 0 if nothing differs."""
    parser = _parser()
    arguments = parser.parse_args()
    service = services.find(arguments.service)
    names = [suite.name for suite in service.suites]
    if not {*arguments.suite} <= {*names}:
        parser.error(f"{service.name} has {', '.join(names)}")
    suites = [service.suite(name) for name in arguments.suite or names]
    asked = _Asked(service, arguments.only, arguments.folder)
    if arguments.list:
        _list(asked, suites)
        return 0
    started = time.monotonic()
    compared = problems = 0
    for suite in suites:
        found = {}
        for kind in suite.passes:
            again = kind.value in (arguments.kind or [kind.value])
            found[kind], wrong = _found(
                asked.run(suite, kind),
                arguments.concurrency * suite.sharing if again else None,
            )
            problems += wrong
        for kind in suite.passes[1:]:
            if not (found[kind] and found[Pass.STOCK]):
                continue  # which was said, and counted
            result = _compare(asked, suite, kind, found)
            if result.differences:
                result = _settle(asked, suite, kind, result)
            compared += result.compared
            problems += result.problems
    took = (time.monotonic() - started) / 60
    print(
        f"{compared} compared, {problems} problems in {took:.0f} minutes, "
        f"{_worked():.0f} of a processor's"
    )
    return int(bool(problems))


def _worked() -> float:
    """Return how many minutes a processor has worked for all processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) / 60


def _found(run: Run, concurrency: int | None) -> tuple[dict[str, str], int]:
    """Return a pass's results, and how many problems it has.

    Without a concurrency it is not run, and they are those of before.
    """
    print(f"{run} ({os.path.relpath(run.output)}):", flush=True)
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
        # These are its own: where they fail in each pass, nothing differs.
        _show("fails without us", results.failed(found))
    problems = len(lost) + (not found)
    if not found:
        print("  It ran nothing.")
    loads = execution.loads(run)
    print(f"  Client tokens were turned on {loads} times.")
    # Otherwise the pass shows nothing.
    problems += bool(loads) is (run.kind is Pass.STOCK)
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
    asked: _Asked,
    suite: Suite,
    kind: Pass,
    result: comparison.Comparison,
) -> comparison.Comparison:
    """Run what differs once more, in both passes, one test at a time."""
    tests = {without_scenario(one.test) for one in result.differences}
    only = f"^({'|'.join(map(re.escape, sorted(tests)))})$"
    found = {}
    for each in (Pass.STOCK, kind):
        run = asked.run(suite, each, only, f"-for-{kind.value}")
        execution.execute(run, concurrency=1)
        found[each] = results.read(run.folder)
    settled = comparison.settled(result, found[Pass.STOCK], found[kind])
    _show("differs alone, too", [str(one) for one in settled.differences])
    _show("does not differ alone", settled.unsteady)
    sys.stdout.flush()
    return settled


def _compare(
    asked: _Asked,
    suite: Suite,
    kind: Pass,
    found: ty.Mapping[Pass, ty.Mapping[str, str]],
) -> comparison.Comparison:
    listed = asked.service.exceptions if kind is Pass.REPEATED else {}
    result = comparison.compare(found[Pass.STOCK], found[kind], listed)
    print(
        f"{asked.run(suite, Pass.STOCK)} and {kind.value}: "
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


def _list(asked: _Asked, suites: list[Suite]) -> None:
    os.environ.update(asked.service.settings)
    logging.disable()  # services log to where the names go
    from upstream import selection  # settings are read by imports

    for suite in suites:
        # Some tests leave files where they are loaded.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            found = selection.load(asked.run(suite, Pass.STOCK))
        print("\n".join([*found.errors, *sorted(found.ids)]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upstream", description=__doc__)
    parser.add_argument(
        "--list", action="store_true", help="name the tests, and run none"
    )
    parser.add_argument(
        "--service",
        choices=services.NAMES,
        default="nova",
        help="whose tests (default: %(default)s)",
    )
    parser.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="run only this part of them",
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="REGEX",
        help="run only those selected tests whose ids match",
    )
    _say_how(parser)
    return parser


def _say_how(parser: argparse.ArgumentParser) -> None:
    """Add what tells how the chosen tests are run."""
    parser.add_argument(
        "--pass",
        action="append",
        dest="kind",
        choices=[kind.value for kind in Pass],
        help="run only this one; take the others' results from before",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default="var/upstream",
        metavar="PATH",
        help="what the runs leave behind (default: %(default)s)",
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        default=2,
        help="how many processes run tests; twice as many where those mostly "
        "wait (default: %(default)s)",
    )


if __name__ == "__main__":
    sys.exit(main())
