# SPDX-License-Identifier: Apache-2.0
"""Runs tests in a process of its own, and writes down what they saw.

python -m mutations.witness RESULTS [--first] TEST...
"""

from __future__ import annotations

import argparse
import collections
import fnmatch
import importlib
import json
import pathlib
import sys
import typing as ty
import unittest


class Results(unittest.TestResult):
    """What became of each test.

    :param first: whether to end with the first one that fails
    """

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self._first = first
        self.seen: dict[str, str] = {}

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        """Note a test that passed."""
        super().addSuccess(test)
        self.seen.setdefault(test.id(), "")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        """Note a test that was not run."""
        super().addSkip(test, reason)
        self.seen[test.id()] = f"skipped: {reason}"

    def addFailure(self, test: unittest.TestCase, err: ty.Any) -> None:  # noqa: N802
        """Note a test that failed."""
        super().addFailure(test, err)
        self._note(test, self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err: ty.Any) -> None:  # noqa: N802
        """Note a test that broke; or the preparation of a class."""
        super().addError(test, err)
        self._note(test, self.errors[-1][1])

    def _note(self, test: unittest.TestCase, says: str) -> None:
        self.seen[test.id()] = f"failed: {says}"
        if self._first:
            self.stop()


def load(names: ty.Iterable[str]) -> unittest.TestSuite:
    """Return the tests of some names.

    :param names: module, class and method of each, with an asterisk where any
        text may be, as the numbers of a test with several sets of data
    :raises LookupError: there is no test of a name
    """
    wanted = collections.defaultdict(list)
    for name in names:
        wanted[name.rsplit(".", 2)[0]].append(name)
    loaded = unittest.TestSuite()
    for module, chosen in wanted.items():
        importlib.import_module(module)  # an error in it comes through
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
        there = {test.id(): test for test in _flat(suite)}
        for name in chosen:
            found = [
                test
                for id_, test in there.items()
                if fnmatch.fnmatchcase(id_, name)
            ]
            if not found:
                raise LookupError(f"There is no test {name}.")
            loaded.addTests(found)
    return loaded


def _flat(suite: ty.Any) -> ty.Iterator[unittest.TestCase]:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _flat(one)
        else:
            yield one


def main() -> int:
    """Run the tests of the command line."""
    parser = argparse.ArgumentParser(prog="mutations.witness")
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--load", action="store_true")
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    suite = load(arguments.names)
    results = Results(first=arguments.first)
    if not arguments.load:
        suite.run(results)
    arguments.results.write_text(json.dumps(results.seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
