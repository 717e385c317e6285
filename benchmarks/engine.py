# SPDX-License-Identifier: Apache-2.0
"""The engine against the floor: first uses, and replays."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import secrets
import typing as ty

import sqlalchemy as sa

from benchmarks import floor
from benchmarks import service
from benchmarks import timing
from benchmarks import wire
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from chaos import databases
from embedded import database_server

_MARK = Mark(0.75, at_least=True)
_MEASURES = (Measure.RATE, Measure.P50, Measure.P99, Measure.CPU)
_THREADS = (1, 16)
# Operations of which the round trips are counted.
_COUNTED = 20

_T = ty.TypeVar("_T")


@dataclasses.dataclass(frozen=True)
class _Both:
    """The engine and the floor on one database.

    :param ours: a service with the engine
    :param floor: the same by hand
    """

    ours: service.Service
    floor: floor.Floor

    def first(self, count: int, threads: int = 1) -> tuple[Side, Side]:
        """Return sides of so many first uses.

        :param count: operations of a block
        :param threads: how many run them
        """
        return (
            _side(self.ours.answer, secrets.token_hex, count, threads),
            _side(self.floor.answer, secrets.token_bytes, count, threads),
        )

    def replays(self, count: int, threads: int = 1) -> tuple[Side, Side]:
        """Return sides of so many replays, each of another token.

        :param count: operations of a block
        :param threads: how many run them
        """
        words = [secrets.token_hex(32) for _ in range(count)]
        digests = [secrets.token_bytes(32) for _ in range(count)]
        for word, digest in zip(words, digests, strict=True):
            self.ours.answer(word)
            self.floor.answer(digest)
        return (
            _side(self.ours.answer, _again(words), count, threads),
            _side(self.floor.replay, _again(digests), count, threads),
        )


def run(plan: Plan) -> ty.Iterator[Comparison]:
    """Yield what was found, for each database.

    :param plan: how long to measure
    """
    for backend in plan.backends:
        with databases.created(backend) as urls:
            url = sa.make_url(urls.api)
            service.create(database_server.engine(urls.api))
            yield from _trips(url, backend)
            with _opened(url) as both:
                for threads in _THREADS:
                    yield from _timed(plan, both, backend, threads)


def _timed(
    plan: Plan, both: _Both, backend: str, threads: int
) -> ty.Iterator[Comparison]:
    for name, sides, count in (
        ("first use", both.first, plan.operations * (2 if threads > 1 else 1)),
        ("replay", both.replays, plan.operations * 3),
    ):
        title = f"engine, {name}, {threads} thread(s), {backend}"
        pairs = plan.pairs(title, *sides(count, threads))
        yield Comparison(
            title,
            f"{name} of a token of a small service, one thing bound to it",
            "the same durable transactions by hand, without library or seal",
            _MEASURES,
            pairs,
            {Measure.RATE: _MARK},
        )


def _trips(url: sa.URL, backend: str) -> ty.Iterator[Comparison]:
    with wire.tapped(url) as (tapped, counter), _opened(tapped) as both:
        for name, sides in (
            ("first use", both.first(_COUNTED)),
            ("replay", both.replays(_COUNTED)),
        ):
            yield Comparison(
                f"engine, {name}, round trips, {backend}",
                f"{name} of a token, counted on the wire",
                "the same durable transactions by hand",
                (Measure.TRIPS,),
                _counted(counter, *sides),
            )


def _counted(counter: wire.Wire, mine: Side, base: Side) -> list[Pair]:
    def trips(side: Side) -> Block:
        before = counter.trips
        counted = side(0)
        return dataclasses.replace(counted, trips=counter.trips - before)

    pairs = [(trips(mine), trips(base)) for _ in range(3)]
    return pairs[1:]  # the first one opens connections


@contextlib.contextmanager
def _opened(url: sa.URL) -> ty.Iterator[_Both]:
    with (
        contextlib.closing(service.Service(url)) as ours,
        contextlib.closing(floor.Floor(url)) as by_hand,
    ):
        yield _Both(ours, by_hand)


def _side(
    call: ty.Callable[[_T], object],
    token: ty.Callable[[], _T],
    count: int,
    threads: int,
) -> Side:
    def run(at: int) -> Block:
        tokens = [token() for _ in range(count)]
        calls = [functools.partial(call, one) for one in tokens]
        return timing.block(calls, at, threads)

    return run


def _again(tokens: list[_T]) -> ty.Callable[[], _T]:
    return itertools.cycle(tokens).__next__
