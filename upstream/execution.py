# SPDX-License-Identifier: Apache-2.0
"""Runs one of Nova's suites, in processes of stestr."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess
import sys

from embedded import paste
from upstream.paste import change
from upstream.run import Run

SETTINGS = {
    # Nova's API is served by threads; see nova.monkey_patch.
    "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
    # As upstream's tox.ini has it, but longer: a pass sends all twice.
    "OS_TEST_TIMEOUT": "320",
    "OS_STDOUT_CAPTURE": "1",
    "OS_STDERR_CAPTURE": "1",
}
# Any test may be run in any process, unlike ours: some of Nova's classes are
# so long that the other process would be idle for minutes.
_GROUPS = ".+"
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
    run.routers.mkdir()
    pipelines = paste.installed()
    change(pipelines, run.kind)
    run.paste.write_text(paste.text(pipelines))
    arguments = {
        "--repo-url": str(run.folder),
        "--test-path": str(Path(__file__).with_name("suite")),
        "--top-dir": str(_TOP),
        "--group-regex": _GROUPS,
    }
    with open(run.output, "wb") as output:
        subprocess.run(
            [
                *(sys.executable, "-m", "stestr"),
                *(part for pair in arguments.items() for part in pair),
                *("run", "--concurrency", str(concurrency)),
            ],
            check=False,  # a test that fails may fail in all passes
            cwd=_TOP,
            env={**os.environ, **_environment(run)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _environment(run: Run) -> dict[str, str]:
    # Before its configuration Nova takes values from the environment.
    path = {"OS_WSGI__API_PASTE_CONFIG": str(run.paste)}
    return {**SETTINGS, **run.variables, **path}


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


def routers(run: Run) -> int:
    """Return how often Nova's API was loaded with us.

    :param run: the run
    """
    return sum(int(path.read_text()) for path in run.routers.iterdir())
