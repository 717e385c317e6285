# SPDX-License-Identifier: Apache-2.0
"""What a test must know of an operation to ask for it."""

from __future__ import annotations

import dataclasses
import functools
import typing as ty

_T = ty.TypeVar("_T")
Body = ty.Any
# Asks the service for what has to be there: a method, a path, and a body.
Ask = ty.Callable[..., ty.Any]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A request, and another one that is not the same.

    :param path: where it is sent, below the version
    :param body: its body; JSON, or bytes
    :param other: another body
    """

    path: str
    body: Body
    other: Body


@dataclasses.dataclass(frozen=True)
class Sample:
    """How an operation is asked for, and how one sees that it ran.

    :param given: makes what has to be there, and returns the request
    :param effect: the write that it does exactly once: ``INSERT images``
    :param table: the table where one sees whether it took effect
    :param headers: the request's
    :param lost: the keys of its answer that cannot be rebuilt, or differ
    :param refused: the status with which the service itself refuses a retry
        whose first worker died within it, since that left something
    :param unfinished: whether it commits more after what is bound, or what it
        starts dies with its worker: nobody can promise it any more
    :param times: how many rows of one table it writes
    :param untold: what it writes in transactions of their own that no answer
        tells of: ``UPDATE ports``
    """

    given: ty.Callable[[Ask], Wanted]
    effect: str
    table: str
    headers: ty.Mapping[str, str] = dataclasses.field(default_factory=dict)
    lost: tuple[str, ...] = ()
    refused: int | None = None
    unfinished: bool = False
    times: int = 1
    untold: tuple[str, ...] = ()


def once(make: ty.Callable[[Ask], _T]) -> ty.Callable[[Ask], _T]:
    """Let samples that need no thing of their own share one."""
    made: list[_T] = []

    @functools.wraps(make)
    def shared(ask: Ask) -> _T:
        if not made:
            made.append(make(ask))
        return made[0]

    return shared
