# SPDX-License-Identifier: Apache-2.0
"""Prints what failed, and what all runs in this checkout add up to.

Fails if a test failed or was skipped, or if a suite has run no test.
"""

from __future__ import annotations

import collections
import pathlib
import sys

from testing import results

# The second one has a command of its own in these environments.
_FUNCTIONAL = ("tests.functional.", "tests.functional.model.")
#: Where tox leaves results, with the suites that each place must have.
REPOSITORIES = {
    ".": (
        "tests.unit.",
        "tests.functional.",
        "tests.services.cinder.",
        "tests.services.glance.",
        "tests.services.keystone.",
        "tests.services.neutron.",
        "tests.services.placement.",
        "tests.faults.",
        "tests.faults.services.",
        "tests.galera.",
        "tests.fuzz.",
        "tests.e2e.",
    ),
    ".tox/nova31": _FUNCTIONAL,
    ".tox/nova32": _FUNCTIONAL,
    ".tox/nova33": _FUNCTIONAL,
}
_PASSED = ("success", "xfail")
_SKIPPED = "skip"


def main() -> int:
    """Print the totals, on one line, and return the exit status."""
    count: collections.Counter[str] = collections.Counter()
    empty = 0
    failures: list[str] = []
    for place, suites in REPOSITORIES.items():
        found = results.read(pathlib.Path(place))
        reasons = results.reasons(pathlib.Path(place))
        count.update(found.values())
        for suite in suites:
            if not any(test.startswith(suite) for test in found):
                empty += 1
                print(f"{place}: no test has run in {suite.rstrip('.')}.")
        for test, status in sorted(found.items()):
            if status not in _PASSED:
                failures.append(f"{test} ({place})")
                print(f"{place}: {status}: {test}")
                print(reasons.get(test, "(no traceback)"))
    passed = sum(count[status] for status in _PASSED)
    skipped = count[_SKIPPED]
    failed = count.total() - passed - skipped
    line = f"{passed} passed, {failed} failed"
    if skipped:
        line += f", {skipped} skipped"
    # On the last line, too: it is what is kept of a long log.
    print(f"{line}: {'; '.join(failures)}" if failures else line)
    return int(bool(empty or failed or skipped or not passed))


if __name__ == "__main__":
    sys.exit(main())
