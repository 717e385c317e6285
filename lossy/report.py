# SPDX-License-Identifier: Apache-2.0
"""Says what came of a campaign."""

from __future__ import annotations

import collections
import contextlib
import time
import typing as ty

from lossy.campaign import Result

# How many violations are shown.
_SHOWN = 20


@contextlib.contextmanager
def timed() -> ty.Iterator[ty.Callable[[], float]]:
    """Measure how long this block takes."""
    began = time.monotonic()
    ended: list[float] = []
    try:
        yield lambda: ended[0] - began
    finally:
        ended.append(time.monotonic())


def tell(title: str, result: Result, seconds: float) -> int:
    """Print a campaign, and return how many violations it has.

    :param title: what it was
    :param result: what came of it
    :param seconds: how long it took
    """
    print(f"{title}: {_cases(result)}.")
    for trouble, count in sorted(result.director.counted().items()):
        print(f"  {count:5} {trouble}")
    for violation in result.violations[:_SHOWN]:
        print(violation)
    count = len(result.violations)
    print(f"  {count} violations in {seconds:.0f} s", flush=True)
    return count


def _cases(result: Result) -> str:
    stories = result.stories
    by = collections.Counter(story.case.by.value for story in stories)
    # A program's run is that of all of its cases.
    runs = {id(run): run for story in stories for run in story.runs}
    posts = sum(one.method == "POST" for one in result.director.seen)
    through = ", ".join(f"{n} through {name}" for name, n in by.items())
    killed = sum(run.killed for run in runs.values())
    return f"{through}; {len(runs)} runs, {killed} killed; {posts} POSTs"
