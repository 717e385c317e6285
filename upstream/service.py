# SPDX-License-Identifier: Apache-2.0
"""What has to be known of a service, so that its own tests can be run."""

from __future__ import annotations

import dataclasses
import enum
from pathlib import Path
import typing as ty
import unittest

Tests = list[unittest.TestCase]


class Pass(enum.Enum):
    """What a service's tests are run on."""

    STOCK = "stock"  # as upstream has it
    OURS = "ours"  # with client tokens turned on
    REPEATED = "repeated"  # with us, and each POST is sent twice


def _all(tests: Tests) -> Tests:
    return tests


def _nothing(kind: Pass, folder: Path) -> dict[str, str]:
    return {}


@dataclasses.dataclass(frozen=True)
class Suite:
    """A part of a service's tests.

    :param name: its name
    :param package: the package that they are in
    :param chosen: tells whether a module is in it, by its name below the
        package
    :param choose: returns those of its tests that are run
    :param passes: on what they are run, in this order
    :param group: a regular expression: where the ids of tests match in the
        same text, one process runs them
    :param sharing: how many processes a processor is given: more than one if
        the tests mostly wait
    """

    name: str
    package: str
    chosen: ty.Callable[[str], bool]
    choose: ty.Callable[[Tests], Tests] = _all
    passes: tuple[Pass, ...] = tuple(Pass)
    # Any test may be run in any process, unlike ours: some classes are so
    # long that the other process would be idle for minutes.
    group: str = ".+"
    sharing: int = 1


@dataclasses.dataclass(frozen=True)
class Service:
    """A service, and which of its tests are run.

    :param name: its name
    :param suites: the parts of its tests
    :param exceptions: the ids of the tests that cannot pass where each POST
        is sent twice, and why
    :param settings: what its tests take from the environment
    :param write: writes what the tests of a pass read into a folder, and
        returns further settings
    """

    name: str
    suites: tuple[Suite, ...]
    exceptions: ty.Mapping[str, str] = dataclasses.field(default_factory=dict)
    settings: ty.Mapping[str, str] = dataclasses.field(default_factory=dict)
    write: ty.Callable[[Pass, Path], dict[str, str]] = _nothing

    def suite(self, name: str) -> Suite:
        """Return a part of its tests.

        :param name: the part's name
        """
        return next(suite for suite in self.suites if suite.name == name)

    @property
    def conditions(self) -> str:
        """The module that prepares a process for its tests.

        It has a function ``prepare`` of a run, and is imported after them.
        """
        return f"upstream.suite.{self.name}"


def excepted(why: str, place: str, *tests: str) -> dict[str, str]:
    """Return exceptions that have one reason.

    :param why: the reason
    :param place: what the ids of the tests begin with
    :param tests: the rest of each
    """
    return {f"{place}{test}": why for test in tests}
