# SPDX-License-Identifier: Apache-2.0
"""Runs a suite of a service, in processes of stestr."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess
import sys

from upstream.run import Run

# Its totals are within so many lines.
_LAST = 40
_TOP = Path(__file__).parents[1]


def execute(run: Run, concurrency: int) -> None:
    """Run the tests.

    :param run: the run; what another run left in its folder is removed
    :param concurrency: how many processes run tests at a time
    """
    shutil.rmtree(run.folder, ignore_errors=True)
    run.repeats.mkdir(parents=True)
    run.loads.mkdir()
    written = run.service.write(run.kind, run.folder)
    arguments = {
        "--repo-url": str(run.folder),
        "--test-path": str(Path(__file__).with_name("suite")),
        "--top-dir": str(_TOP),
        "--group-regex": run.suite.group,
    }
    with open(run.output, "wb") as output:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "stestr"),
                *(part for pair in arguments.items() for part in pair),
                *("run", "--concurrency", str(concurrency)),
            ],
            check=False,  # a test that fails may fail in all passes
            cwd=_TOP,
            env={
                **os.environ,
                **run.service.settings,
                **run.variables,
                **written,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode < 0:
        print(f"  stestr was ended by signal {-done.returncode}.")


def totals(run: Run) -> list[str]:
    """Return the totals that stestr ended with.

    :param run: the run
    """
    lines = run.output.read_text(errors="replace").splitlines()
    return [
        line.strip(" -")
        for line in lines[-_LAST:]
        if line.startswith(("Ran: ", " - Passed", " - Skipped", " - Failed"))
    ]


def loads(run: Run) -> int:
    """Return how often a service's API was loaded with us.

    :param run: the run
    """
    return sum(int(path.read_text()) for path in run.loads.iterdir())
