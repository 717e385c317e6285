# SPDX-License-Identifier: Apache-2.0
"""Times the steps that an engine takes in its table, one by one."""

from __future__ import annotations

import collections
import functools
import threading
import time
import typing as ty

from benchmarks.block import Block
from benchmarks.block import Side


class Stopwatch:
    """Times the calls of some methods of an object, on any thread.

    :param timed: the object
    :param steps: the names of its methods
    """

    def __init__(self, timed: ty.Any, *steps: str) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, list[float]] = collections.defaultdict(list)
        for step in steps:
            call = functools.partial(self._timed, step, getattr(timed, step))
            setattr(timed, step, call)

    def _timed(
        self,
        step: str,
        method: ty.Callable[..., ty.Any],
        *arguments: ty.Any,
        **options: ty.Any,
    ) -> ty.Any:
        began = time.perf_counter()
        try:
            return method(*arguments, **options)
        finally:
            took = time.perf_counter() - began
            with self._lock:
                self._seconds[step].append(took)

    def take(self) -> dict[str, Block]:
        """Return what the calls since the last time took, by steps."""
        with self._lock:
            taken, self._seconds = self._seconds, collections.defaultdict(list)
        return {
            step: Block(tuple(seconds), sum(seconds))
            for step, seconds in taken.items()
        }


def watched(
    side: Side, stopwatch: Stopwatch, blocks: list[dict[str, Block]]
) -> Side:
    """Return the same side, which also writes down what its steps took.

    :param side: runs a block
    :param stopwatch: times steps that it takes
    :param blocks: gets the steps of each of its blocks
    """

    def run(at: int) -> Block:
        stopwatch.take()
        block = side(at)
        blocks.append(stopwatch.take())
        return block

    return run
