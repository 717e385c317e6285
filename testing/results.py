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
    return {test["id"]: test["status"] for test in _tests(folder)}


def reasons(folder: Path) -> dict[str, str]:
    """Return why each test failed that did: its traceback.

    :param folder: the folder that stestr's repository is in
    """
    tests = {test["id"]: test for test in _tests(folder)}
    return {
        name: _traceback(test["details"])
        for name, test in tests.items()
        if test["status"] not in PASSED
    }


def _tests(folder: Path) -> list[ty.Any]:
    found: list[ty.Any] = []
    try:
        runs = repository.RepositoryFactory().open(str(folder))
    except abstract.RepositoryNotFound:
        return found  # it ended before its first test
    for number in range(runs.count()):
        stream = runs.get_test_run(number).get_subunit_stream()
        case = subunit.ByteStreamToStreamResult(
            io.BytesIO(stream.read()), non_subunit_name="stdout"
        )
        summary = testtools.StreamToDict(found.append)
        summary.startTestRun()
        case.run(summary)
        summary.stopTestRun()
    return found


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
