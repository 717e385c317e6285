# SPDX-License-Identifier: Apache-2.0
"""Finds the tests of a run, as the row of its service says.

The rule of each service is in its module of :mod:`upstream.services`.
"""

from __future__ import annotations

import importlib
import pkgutil
import typing as ty
import unittest
import zlib

from testtools import testsuite

from upstream.run import Run
from upstream.service import Tests

# As unittest has it.
_PREFIX = "test"


class Found(ty.NamedTuple):
    """What is run.

    :param suite: the tests, in the suites that upstream has put them into
    :param ids: their ids
    :param errors: what could not be imported
    """

    suite: unittest.TestSuite
    ids: list[str]
    errors: list[str]


def load(run: Run) -> Found:
    """Return the tests of a run.

    :param run: the run
    """
    loader = unittest.TestLoader()
    # A suite may hold what all of its tests need.
    suite = loader.loadTestsFromNames(_modules(run))
    suite = unittest.TestSuite(suite)
    chosen = run.suite.choose(list(flat(suite)))
    ids = [test.id() for test in chosen if run.takes(test.id())]
    left = testsuite.filter_by_ids(suite, frozenset(ids))
    return Found(left, ids, [str(error) for error in loader.errors])


def _modules(run: Run) -> list[str]:
    # Imports the parents first: one of them chooses the kind of thread.
    package = importlib.import_module(run.suite.package)
    before = f"{run.suite.package}."
    return [
        module.name
        for module in pkgutil.walk_packages(package.__path__, before)
        if not module.ispkg
        and module.name.rpartition(".")[2].startswith(_PREFIX)
        and run.suite.chosen(module.name.removeprefix(before))
    ]


def once(
    tests: ty.Iterable[unittest.TestCase],
    newest: ty.Callable[[unittest.TestCase], tuple[float, ...]],
) -> Tests:
    """Return each test in one of the classes that inherit it.

    :param tests: the tests, in all classes
    :param newest: what is greatest for the class that is wanted; of several
        such it is the one whose name comes first
    """
    classes: dict[ty.Any, list[unittest.TestCase]] = {}
    for test in sorted(tests, key=lambda test: test.id()):
        name = test._testMethodName
        function = getattr(type(test), name)
        # Tests that ddt makes of one function have names of their own.
        key = (function.__module__, function.__qualname__, name)
        classes.setdefault(key, []).append(test)
    return [max(same, key=newest) for same in classes.values()]


def one_in(number: int, tests: ty.Iterable[unittest.TestCase]) -> Tests:
    """Return a sample of tests, the same each time.

    :param number: of so many tests, one is in it
    :param tests: the tests
    """
    return [
        test for test in tests if not zlib.crc32(test.id().encode()) % number
    ]


def flat(tests: ty.Iterable[ty.Any]) -> ty.Iterator[unittest.TestCase]:
    """Yield the tests of a suite, and of those within it.

    :param tests: the suite
    """
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test
