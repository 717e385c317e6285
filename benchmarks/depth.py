# SPDX-License-Identifier: Apache-2.0
"""Runs code further down the stack.

CPython keeps the frames of Python functions in chunks of 16 KB, and maps and
unmaps one whenever calls cross its end. Where hot code happens to do so, it
costs system time: one frame more or less has moved a POST /servers by 15 % of
its CPU. So what is measured is measured at many depths, over a whole chunk.
"""

from __future__ import annotations

import typing as ty

# About as many frames of at() as one chunk has: each needs some 100 bytes.
_CHUNK = 160

_T = ty.TypeVar("_T")


def at(depth: int, call: ty.Callable[[], _T]) -> _T:
    """Return what a call returns, from so many frames further down.

    :param depth: how many
    :param call: what is called
    """
    return call() if not depth else at(depth - 1, call)


def spread(count: int) -> list[int]:
    """Return depths that divide a chunk evenly.

    :param count: how many
    """
    return [_CHUNK * number // count for number in range(count)]
