# SPDX-License-Identifier: Apache-2.0
"""What runs of stestr found."""

from __future__ import annotations

import io
from pathlib import Path
import typing as ty

from stestr.repository import abstract
from stestr.repository import file as repository
import subunit
import testtools

#: Any other status is a failure; "inprogress" says that its process died.
PASSED = frozenset(("success", "xfail", "skip"))


def read(folder: Path) -> dict[str, str]:
    """Return each test's status in the last run that it was in.

    :param folder: the folder that stestr's repository is in
    """
    return {
        test["id"]: test["status"] for run in _runs(folder) for test in run
    }


def reasons(folder: Path) -> dict[str, str]:
    """Return why each test failed that did: its traceback.

    :param folder: the folder that stestr's repository is in
    """
    tests = {test["id"]: test for run in _runs(folder) for test in run}
    return {
        name: _traceback(test["details"])
        for name, test in tests.items()
        if test["status"] not in PASSED
    }


def skipped(folder: Path) -> dict[str, set[str]]:
    """Return, for each reason, the suites whose last run skipped tests for it.

    :param folder: the folder that stestr's repository is in
    """
    last = {suite(test["id"]): run for run in _runs(folder) for test in run}
    found: dict[str, set[str]] = {}
    for name, run in last.items():
        for test in run:
            if test["status"] == "skip" and suite(test["id"]) == name:
                reason = test["details"]["reason"].as_text()
                found.setdefault(reason, set()).add(name)
    return found


def suite(test: str) -> str:
    """Return the suite that a test is in: its folder below tests.

    :param test: its id, which names a class's preparation, too, in brackets
    """
    return test.partition("tests.")[2].partition(".")[0]


def _runs(folder: Path) -> ty.Iterator[list[ty.Any]]:
    try:
        runs = repository.RepositoryFactory().open(str(folder))
    except abstract.RepositoryNotFound:
        return  # it ended before its first test
    for number in range(runs.count()):
        found: list[ty.Any] = []
        stream = runs.get_test_run(number).get_subunit_stream()
        case = subunit.ByteStreamToStreamResult(
            io.BytesIO(stream.read()), non_subunit_name="stdout"
        )
        summary = testtools.StreamToDict(found.append)
        summary.startTestRun()
        case.run(summary)
        summary.stopTestRun()
        yield found


def _traceback(details: dict[str, ty.Any]) -> str:
    return "\n".join(
        content.as_text().rstrip()
        for name, content in details.items()
        if name.startswith("traceback")
    )


def failed(statuses: dict[str, str]) -> list[str]:
    """Return the ids of the tests that failed.

    :param statuses: the status of each test
    """
    return sorted(
        test for test, status in statuses.items() if status not in PASSED
    )
