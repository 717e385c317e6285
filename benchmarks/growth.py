# SPDX-License-Identifier: Apache-2.0
"""Does the table's size matter? The steps of the store, at several sizes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import secrets
import typing as ty

import sqlalchemy as sa

from benchmarks import filling
from benchmarks import service
from benchmarks import stopwatch
from benchmarks import timing
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.filling import Content
from benchmarks.filling import Sizes
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from benchmarks.reading import Reading
from benchmarks.stopwatch import Stopwatch
from chaos import databases
from embedded import database_server

_MARK = Mark(1.15)
_SIZES = (10_000, 1_000_000)
_QUICK_SIZES = (1_000, 20_000)
# Rows after which the bytes of one hardly change any more.
_ENOUGH = 100_000
# The steps of the store that are shown one by one, with what calls them.
_STEPS = {
    "look": "look of a first use: there is no row yet",
    "claim": "claim of a first use",
    "complete": "complete of a first use",
}


@dataclasses.dataclass(frozen=True)
class _Table:
    """A table of tokens, and a service that uses it.

    :param backend: the kind of its database
    :param rows: how many it has before anything is measured
    :param sizes: what its rows take on disk
    :param service: the service
    :param stopwatch: times the service's steps
    """

    backend: str
    rows: int
    sizes: Sizes
    service: service.Service
    stopwatch: Stopwatch


def sizes(plan: Plan) -> tuple[int, ...]:
    """Return the sizes of tables, the smallest first; ROWS names another.

    :param plan: how long to measure
    :raises ValueError: ROWS is no number
    """
    more = os.environ.get("ROWS")
    if more:
        return (_SIZES[0], int(more))
    return _QUICK_SIZES if plan.quick else _SIZES


def run(plan: Plan) -> ty.Iterator[Comparison | Reading]:
    """Yield what was found, for each database.

    :param plan: how long to measure
    """
    small, *larger = sizes(plan)
    for backend in plan.backends:
        with _filled(backend, Content(small)) as base:
            for rows in larger:
                with _filled(backend, Content(rows)) as ours:
                    yield from _steps(plan, ours, base)
                    yield _compared(plan, "replay", _replay, ours, base)
                    yield _compared(plan, "look-up", _uses, ours, base)
                few = min(rows, _ENOUGH)
                bare = _bytes(backend, Content(few, answers=False))
                yield _disk(ours, bare)


def _steps(plan: Plan, ours: _Table, base: _Table) -> ty.Iterator[Comparison]:
    """Yield a first use as a whole, and its steps."""
    seen: tuple[list[dict[str, Block]], ...] = ([], [])
    title = _title("first use", ours)
    mine, other = (
        stopwatch.watched(
            _first(table.service, plan.operations), table.stopwatch, blocks
        )
        for table, blocks in zip((ours, base), seen, strict=True)
    )
    pairs = plan.pairs(title, mine, other)
    yield _found("first use", "a whole first use", pairs, ours, base)
    for step, what in _STEPS.items():
        # The first ones were to warm up.
        pairs = tuple(
            (a[step], b[step]) for a, b in list(zip(*seen, strict=True))[1:]
        )
        yield _found(step, what, pairs, ours, base)


def _compared(
    plan: Plan,
    name: str,
    side: ty.Callable[[service.Service, int], Side],
    ours: _Table,
    base: _Table,
) -> Comparison:
    pairs = plan.pairs(
        _title(name, ours),
        side(ours.service, plan.operations),
        side(base.service, plan.operations),
    )
    return _found(name, f"{name} of a token", pairs, ours, base)


def _found(
    name: str, what: str, pairs: ty.Sequence[Pair], ours: _Table, base: _Table
) -> Comparison:
    return Comparison(
        _title(name, ours),
        f"{what}, in a small service, {ours.rows:,} rows",
        f"the same, {base.rows:,} rows",
        (Measure.P50, Measure.P95),
        pairs,
        {Measure.P50: _MARK},
    )


def _title(name: str, table: _Table) -> str:
    return f"growth, {name}, {table.rows:,} rows, {table.backend}"


def _disk(ours: _Table, bare: Sizes) -> Reading:
    with_answer, without = ours.sizes.token, bare.token
    resource = ours.sizes.resource
    return Reading(
        f"growth, disk, {ours.rows:,} rows, {ours.backend}",
        "what a token takes on disk, indexes among it; the answer has 700 "
        "bytes. A day of a busy cloud: a million tokens with answers",
        {
            "token's row with an answer, bytes": with_answer,
            "token's row without, bytes": without,
            "row of what is bound to it, bytes": resource,
            "a million of both, GB": (with_answer + resource) / 1000,
        },
    )


def _first(ours: service.Service, count: int) -> Side:
    def run(at: int) -> Block:
        tokens = [secrets.token_hex() for _ in range(count)]
        return _block(ours.answer, tokens, at)

    return run


def _replay(ours: service.Service, count: int) -> Side:
    return _of_known(ours, ours.answer, count)


def _uses(ours: service.Service, count: int) -> Side:
    return _of_known(ours, ours.look_up, count)


def _of_known(
    ours: service.Service, call: ty.Callable[[str], object], count: int
) -> Side:
    # Many more tokens than a block has, so that each is a look at a page that
    # was not just read.
    tokens = [secrets.token_hex() for _ in range(4 * count)]
    for token in tokens:
        ours.answer(token)

    def run(at: int) -> Block:
        chosen = secrets.SystemRandom().sample(tokens, count)
        return _block(call, chosen, at)

    return run


def _block(
    call: ty.Callable[[str], object], tokens: list[str], at: int
) -> Block:
    calls = [functools.partial(call, token) for token in tokens]
    return timing.block(calls, at)


@contextlib.contextmanager
def _filled(backend: str, content: Content) -> ty.Iterator[_Table]:
    with databases.created(backend) as urls:
        engine = database_server.engine(urls.api)
        service.create(engine)
        filling.fill(engine, content)
        of_rows = Sizes.of(engine, content.rows)
        opened = service.Service(sa.make_url(urls.api))
        with contextlib.closing(opened) as ours:
            watch = Stopwatch(ours.store, *_STEPS)
            yield _Table(backend, content.rows, of_rows, ours, watch)


def _bytes(backend: str, content: Content) -> Sizes:
    with _filled(backend, content) as table:
        return table.sizes
