# SPDX-License-Identifier: Apache-2.0
"""`python -m testing.left_out`: say which tests were not run, and why."""

from __future__ import annotations

import pathlib

from testing import results


def main() -> None:
    """Print what was left out in the last runs in this checkout."""
    for reason, suites in sorted(results.skipped(pathlib.Path()).items()):
        print(f"Left out, in part: {', '.join(sorted(suites))} ({reason}).")


if __name__ == "__main__":
    main()
