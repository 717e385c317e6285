# SPDX-License-Identifier: Apache-2.0
"""Prints what all of stestr's runs in this checkout add up to.

Fails if a test failed or was skipped, or if a suite has run no test.
"""

import collections
import io
import sys

from stestr.repository import abstract
from stestr.repository import file as repository
import subunit
import testtools

SUITES = ("tests.unit.", "tests.functional.", "tests.faults.", "tests.e2e.")
_PASSED = ("success", "xfail")
_SKIPPED = "skip"
# Any other status is a failure; "inprogress" says that its process died.


def results() -> dict[str, str]:
    """Return each test's last status in its newest run."""
    found: dict[str, str] = {}

    def note(test: dict[str, str]) -> None:
        found[test["id"]] = test["status"]

    try:
        runs = repository.RepositoryFactory().open(".")
    except abstract.RepositoryNotFound:
        return {}  # make test ended before its first suite
    for number in range(runs.count()):
        stream = runs.get_test_run(number).get_subunit_stream()
        case = subunit.ByteStreamToStreamResult(
            io.BytesIO(stream.read()), non_subunit_name="stdout"
        )
        summary = testtools.StreamToDict(note)
        summary.startTestRun()
        case.run(summary)
        summary.stopTestRun()
    return found


def main() -> int:
    """Print the totals, on one line, and return the exit status."""
    found = results()
    empty = [
        suite
        for suite in SUITES
        if not any(test.startswith(suite) for test in found)
    ]
    for suite in empty:
        print(f"No test has run in {suite.rstrip('.')}.")
    for test, status in sorted(found.items()):
        if status not in _PASSED:
            print(f"{status}: {test}")
    count = collections.Counter(found.values())
    passed = sum(count[status] for status in _PASSED)
    skipped = count[_SKIPPED]
    failed = len(found) - passed - skipped
    line = f"{passed} passed, {failed} failed"
    print(f"{line}, {skipped} skipped" if skipped else line, flush=True)
    return int(bool(empty or failed or skipped or not passed))


if __name__ == "__main__":
    sys.exit(main())
