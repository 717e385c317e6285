# SPDX-License-Identifier: Apache-2.0
"""Which of Nova's tests are run: the rule, and what it chooses from Nova.

Of ``nova.tests.unit.api.openstack.compute``, all.

Of ``nova.tests.functional``, so much that one pass takes less than 40 minutes
on two cores:

- the packages ``api_sample_tests`` and ``regressions``, and the modules
  ``test_servers`` and ``test_server_...``: most POSTs are about servers;
- a test that several classes inherit is run in one of them: that of the
  newest microversion, and of several such that whose name comes first;
- a test with several scenarios is run in the last one: they are ways to write
  the same path, and the last is today's, ``/v2.1`` without a project.
"""

from __future__ import annotations

import importlib
from pathlib import Path
import re
import typing as ty
import unittest

from upstream.run import Run
from upstream.run import Suite

_PACKAGES = ("api_sample_tests", "regressions")
_MODULE = re.compile("test_servers$|test_server_")
_LATEST = "latest"


def load(run: Run) -> tuple[list[unittest.TestCase], list[str]]:
    """Return the tests of a run, and what could not be imported.

    :param run: the run
    """
    # Imports the parents first: one of them chooses the kind of thread.
    package = importlib.import_module(run.suite.value)
    folder = Path(ty.cast(str, package.__file__)).parent
    depth = run.suite.value.count(".")
    loader = unittest.TestLoader()
    found = loader.discover(
        str(folder), top_level_dir=str(folder.parents[depth])
    )
    tests = list(_flat(found))
    if run.suite is Suite.FUNCTIONAL:
        tests = once(test for test in tests if chosen(test.id()))
        for test in tests:
            _in_one_scenario(test)
    asked = [test for test in tests if run.takes(test.id())]
    return asked, [str(error) for error in loader.errors]


def chosen(test: str) -> bool:
    """Tell whether a functional test is in a package or module of the rule.

    :param test: its id
    """
    inside = test.removeprefix(Suite.FUNCTIONAL.value + ".").split(".")
    return inside[0] in _PACKAGES or bool(
        _MODULE.match(inside[0])
    )


def once(tests: ty.Iterable[unittest.TestCase]) -> list[unittest.TestCase]:
    """Return each test in one of the classes that inherit it.

    :param tests: the tests, in all classes
    """
    classes: dict[ty.Any, list[unittest.TestCase]] = {}
    for test in sorted(tests, key=lambda test: test.id()):
        name = test._testMethodName
        function = getattr(type(test), name)
        # Tests that ddt makes of one function have names of their own.
        key = (function.__module__, function.__qualname__, name)
        classes.setdefault(key, []).append(test)
    return [max(same, key=_microversion) for same in classes.values()]


def _in_one_scenario(test: ty.Any) -> None:
    # testscenarios reads the attribute when the test is run.
    if getattr(test, "scenarios", None):
        test.scenarios = test.scenarios[-1:]


def _microversion(test: unittest.TestCase) -> tuple[float, ...]:
    """Return a test's microversion, to be compared with another's."""
    version = getattr(test, "microversion", None)
    if version == _LATEST:
        return (float("inf"),)
    return tuple(map(float, version.split("."))) if version else ()


def _flat(tests: ty.Iterable[ty.Any]) -> ty.Iterator[unittest.TestCase]:
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test
