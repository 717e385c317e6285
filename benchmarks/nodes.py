# SPDX-License-Identifier: Apache-2.0
"""What wsrep_sync_wait costs, and changes, on three nodes of Galera."""

from __future__ import annotations

import collections
import contextlib
import functools
import secrets
import typing as ty

import sqlalchemy as sa

from benchmarks import service
from benchmarks import stopwatch
from benchmarks import timing
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.reading import Reading
from benchmarks.service import Service
from benchmarks.stopwatch import Stopwatch
from chaos import databases
from chaos import galera
from chaos.databases import Databases
from chaos.galera import Node
from embedded import database_server
from openstack_idempotency.protocol.record import State

_WAITS = {"init_command": "SET SESSION wsrep_sync_wait = 1"}
_MEASURES = (Measure.P50, Measure.P95)
_STEPS = ("look", "claim", "complete")


class _Pair:
    """The small service on the first and on the second node.

    :param urls: its databases on each node
    :param query: more of the URL's query
    """

    def __init__(
        self, urls: ty.Sequence[Databases], query: ty.Mapping[str, str]
    ) -> None:
        self.first, self.second = (
            Service(sa.make_url(each.api).update_query_dict(query))
            for each in urls[:2]
        )
        self.stopwatch = Stopwatch(self.first.store, *_STEPS)
        #: What the first look of each retry on the second node saw.
        self.saw: collections.Counter[str] = collections.Counter()

    def close(self) -> None:
        """Close the connections."""
        self.first.close()
        self.second.close()

    def uses(self, count: int) -> Side:
        """Return a side of first uses.

        :param count: operations of a block
        """

        def run(at: int) -> Block:
            tokens = [secrets.token_hex() for _ in range(count)]
            calls = [functools.partial(self.first.answer, t) for t in tokens]
            return timing.block(calls, at)

        return run

    def retries(self, count: int) -> Side:
        """Return a side of retries, each right after the first answer.

        :param count: operations of a block
        """

        def run(at: int) -> Block:
            seconds: list[float] = []
            for _ in range(count):
                token = secrets.token_hex()
                self.first.answer(token)
                with self._watched():
                    call = functools.partial(self.second.answer, token)
                    seconds += timing.block([call], at).seconds
            return Block(tuple(seconds), sum(seconds))

        return run

    @contextlib.contextmanager
    def _watched(self) -> ty.Iterator[None]:
        """Note what the first look of the second service sees."""
        store: ty.Any = self.second.store
        look = store.look

        def noting(use: ty.Any) -> ty.Any:
            store.look = look
            now, record = look(use)
            if record is None:
                self.saw["nothing yet"] += 1
            elif record.state is State.RUNNING:
                self.saw["still running"] += 1
            else:
                self.saw["the answer"] += 1
            return now, record

        store.look = noting
        try:
            yield
        finally:
            store.look = look


def run(plan: Plan) -> ty.Iterator[Comparison | Reading]:
    """Yield what was found; nothing where there is no Galera.

    :param plan: how long to measure
    """
    missing = galera.missing()
    if missing:
        yield Reading("galera", missing, {})
        return
    with galera.started(()) as nodes, contextlib.ExitStack() as stack:
        urls = _made(nodes)
        waiting, plain = (
            stack.enter_context(contextlib.closing(_Pair(urls, query)))
            for query in (_WAITS, {})
        )
        yield from _costs(plan, waiting, plain)
        yield from _changes(plan, waiting, plain)


def _made(nodes: ty.Sequence[Node]) -> list[Databases]:
    server = sa.make_url(nodes[0].url)
    first = databases.create(databases.Databases, server)
    service.create(database_server.engine(first.api))
    return [first.at(node.url) for node in nodes]


def _costs(
    plan: Plan, waiting: _Pair, plain: _Pair
) -> ty.Iterator[Comparison]:
    seen: tuple[list[dict[str, Block]], ...] = ([], [])
    mine, base = (
        stopwatch.watched(each.uses(plan.operations), each.stopwatch, blocks)
        for each, blocks in zip((waiting, plain), seen, strict=True)
    )
    title = "galera, first use"
    pairs = plan.pairs(title, mine, base)
    yield Comparison(
        title,
        "a first use on one node, wsrep_sync_wait 1",
        "the same, wsrep_sync_wait 0",
        _MEASURES,
        pairs,
    )
    for step in _STEPS:
        yield Comparison(
            f"galera, {step}",
            f"{step} of a first use, wsrep_sync_wait 1",
            "the same, wsrep_sync_wait 0",
            _MEASURES,
            # The first ones were to warm up.
            [
                (a[step], b[step])
                for a, b in list(zip(*seen, strict=True))[1:]
            ],
        )


def _changes(
    plan: Plan, waiting: _Pair, plain: _Pair
) -> ty.Iterator[Comparison | Reading]:
    title = "galera, retry on another node"
    count = plan.operations
    yield Comparison(
        title,
        "a retry right after the first answer, wsrep_sync_wait 1",
        "the same, wsrep_sync_wait 0",
        _MEASURES,
        plan.pairs(title, waiting.retries(count), plain.retries(count)),
    )
    for value, each in ((1, waiting), (0, plain)):
        yield Reading(
            f"galera, what such a retry saw, wsrep_sync_wait {value}",
            "its first look at the token's row, on the other node",
            {f"{what}, retries": n for what, n in sorted(each.saw.items())},
        )
