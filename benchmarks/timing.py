# SPDX-License-Identifier: Apache-2.0
"""Measures calls in this process, on one thread or on many."""

from __future__ import annotations

import concurrent.futures
import threading
import time
import typing as ty

from benchmarks import depth
from benchmarks.block import Block

Call = ty.Callable[[], object]


def block(calls: ty.Sequence[Call], at: int = 0, threads: int = 1) -> Block:
    """Run calls, and return what they took.

    :param calls: what is called, each once
    :param at: how many frames further down the stack
    :param threads: how many threads share them
    :raises Exception: what a call has raised
    """
    barrier = threading.Barrier(threads)

    def run(mine: ty.Sequence[Call]) -> list[float]:
        barrier.wait()
        return depth.at(at, lambda: [_seconds(call) for call in mine])

    parts = [calls[number::threads] for number in range(threads)]
    cpu, began = time.process_time(), time.perf_counter()
    if threads == 1:
        seconds = [run(calls)]
    else:
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            seconds = list(pool.map(run, parts))
    return Block(
        tuple(one for part in seconds for one in part),
        time.perf_counter() - began,
        time.process_time() - cpu,
    )


def _seconds(call: Call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
