# SPDX-License-Identifier: Apache-2.0
"""What is measured: operations in blocks, of two sides that take turns."""

from __future__ import annotations

import dataclasses
import enum
import math
import typing as ty

from benchmarks import depth

#: Runs a number of operations at a depth of the stack, and returns what they
#: took.
Side = ty.Callable[[int], "Block"]
Pair = tuple["Block", "Block"]


@dataclasses.dataclass(frozen=True)
class Block:
    """Operations of one side that were run one after the other.

    :param seconds: what each of them took
    :param elapsed: seconds from the begin of the first one to the end of the
        last one, of all threads
    :param cpu: seconds of CPU that the process under test spent, 0 where it
        is not known
    :param trips: messages to the database, 0 where they are not counted
    """

    seconds: tuple[float, ...]
    elapsed: float
    cpu: float = 0.0
    trips: int = 0


class Measure(enum.Enum):
    """A figure that many blocks have; its value is its name and unit."""

    P50 = "p50 ms"
    P95 = "p95 ms"
    P99 = "p99 ms"
    RATE = "a second"
    CPU = "CPU ms"
    TRIPS = "round trips"

    def of(self, blocks: ty.Sequence[Block]) -> float:
        """Return the figure of all operations of these blocks together.

        :param blocks: one or more, of one side
        :raises ValueError: they hold no operation
        """
        count = sum(len(block.seconds) for block in blocks)
        if not count:
            raise ValueError("these blocks hold no operation")
        match self:
            case Measure.RATE:
                return count / sum(block.elapsed for block in blocks)
            case Measure.CPU:
                return 1000 * sum(block.cpu for block in blocks) / count
            case Measure.TRIPS:
                return sum(block.trips for block in blocks) / count
            case _:
                share = int(self.name[1:]) / 100
                every = [one for block in blocks for one in block.seconds]
                return 1000 * quantile(every, share)


def quantile(values: ty.Sequence[float], share: float) -> float:
    """Return the least value that so many of the values do not exceed.

    The nearest rank: a value that was measured, none that lies between two.

    :param values: one or more
    :param share: how many, between 0 and 1
    """
    rank = max(1, math.ceil(share * len(values)))
    return sorted(values)[rank - 1]


def in_turn(
    mine: Side,
    base: Side,
    rounds: int,
    *,
    warm_up: int = 1,
    after_each: ty.Callable[[], object] = lambda: None,
) -> tuple[Pair, ...]:
    """Run two sides in turns, so that what drifts drifts for both.

    Each pair runs at another depth of the stack (see :mod:`depth`).

    :param mine: runs a block of what is measured
    :param base: runs a block of what it is compared with
    :param rounds: how many pairs count
    :param warm_up: how many pairs before those do not count
    :param after_each: is called after each pair
    """
    pairs = []
    depths = [*[0] * warm_up, *depth.spread(rounds)]
    for number, at in enumerate(depths, -warm_up):
        # Who goes first changes: the second one finds warmer caches.
        if number % 2:
            pair = (mine(at), base(at))
        else:
            other = base(at)
            pair = (mine(at), other)
        if number >= 0:
            pairs.append(pair)
        after_each()
    return tuple(pairs)
