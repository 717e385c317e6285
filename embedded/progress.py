# SPDX-License-Identifier: Apache-2.0
"""What the terminal shows: one line a step, with its seconds."""

from __future__ import annotations

from contextlib import contextmanager
import time
import typing as ty

WIDTH = 58


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


@contextmanager
def step(title: str) -> ty.Iterator[None]:
    """Show the title while the work runs, and its seconds afterwards."""
    print(f"  {title} ".ljust(WIDTH, "."), end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException as error:
        # Nothing is wrong with what somebody has had enough of.
        how = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        say(f"{how} after {time.monotonic() - started:.1f} s")
        raise
    say(f"{time.monotonic() - started:5.1f} s")
