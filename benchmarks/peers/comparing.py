# SPDX-License-Identifier: Apache-2.0
"""Others that do the same, each beside us and beside an insert of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
from pathlib import Path
import secrets
import typing as ty

import sqlalchemy as sa

from benchmarks import service
from benchmarks import stage
from benchmarks import timing
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.peers import environment
from benchmarks.peers.catalogue import Listed
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.things import Things
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from benchmarks.reading import Reading
from chaos import databases
from chaos.child import Child
from embedded import database_server

_MEASURES = (Measure.RATE, Measure.P50, Measure.CPU)
_THREADS = (1, 16)
_KINDS = {"first": "first use", "replay": "replay"}
_AHEAD = Mark(1.0, at_least=True)


@dataclasses.dataclass(frozen=True)
class _Ours:
    """Our engine, with an insertion by the driver in the same process.

    :param backend: the kind of its database
    :param url: the database, as a driver takes it
    :param service: the service with the engine
    :param things: inserts
    :param used: gets tokens that were used
    """

    backend: str
    url: str
    service: service.Service
    things: Things
    used: list[str] = dataclasses.field(default_factory=list)

    def side(self, kind: str, count: int, threads: int) -> Side:
        """Return a side of calls.

        :param kind: "raw", "first" or "replay"
        :param count: calls of a block
        :param threads: how many run them
        """

        def run(at: int) -> Block:
            return timing.block(self._calls(kind, count), at, threads)

        return run

    def _calls(self, kind: str, count: int) -> list[timing.Call]:
        if kind == "raw":
            return [self.things.add] * count
        if kind == "first":
            tokens = [secrets.token_hex() for _ in range(count)]
        else:
            while len(self.used) < count:
                self.used.append(secrets.token_hex())
                self.service.answer(self.used[-1])
            tokens = self.used[:count]
        return [functools.partial(self.service.answer, one) for one in tokens]


def run(plan: Plan) -> ty.Iterator[Comparison | Reading]:
    """Yield what was found, for each database and each peer.

    :param plan: how long to measure
    """
    for backend in plan.backends:
        with _ours(backend) as ours:
            yield from _alone(plan, ours)
            for peer in PEERS:
                # A server of 200 MB is too much to only see that it works.
                left_out = plan.quick and peer.npm
                if backend in peer.backends and not left_out:
                    yield from _beside(plan, peer, ours)


def _alone(plan: Plan, ours: _Ours) -> ty.Iterator[Comparison]:
    for kind, threads in _each():
        title = _title("ours", kind, threads, ours)
        mine, raw = (
            ours.side(one, _count(plan, threads), threads)
            for one in (kind, "raw")
        )
        yield Comparison(
            title,
            f"{_KINDS[kind]} of a token of a small service that makes a row",
            "the insertion of that row by the driver, in the same process",
            _MEASURES,
            plan.pairs(title, mine, raw),
        )


def _beside(
    plan: Plan, peer: Listed, ours: _Ours
) -> ty.Iterator[Comparison | Reading]:
    try:
        with plan.folder() as folder, _started(folder, peer, ours) as child:
            for kind, threads in _each():
                yield from _compared(plan, peer, ours, child, (kind, threads))
    except environment.Missing as reason:
        yield Reading(
            f"peers, {peer.name}, {ours.backend}", f"missing: {reason}", {}
        )


def _compared(
    plan: Plan,
    peer: Listed,
    ours: _Ours,
    child: Child,
    what: tuple[str, int],
) -> ty.Iterator[Comparison]:
    kind, threads = what
    title = _title(peer.name, kind, threads, ours)
    count = _count(plan, threads)
    us = ours.side(kind, count, threads)
    seen: list[Block] = []

    def peers(kind: str, at: int) -> Block:
        told = child.ask(f"{kind} {count} {threads} {at}")
        return Block(**json.loads(told))

    def raw(at: int) -> Block:
        # In the same turns, so that both can be compared with the peer.
        seen.append(us(at))
        return peers("raw", at)

    pairs = plan.pairs(title, functools.partial(peers, kind), raw)
    yield Comparison(
        title,
        f"{_KINDS[kind]}, by {peer.name}, which does not promise: "
        f"{peer.lacks}",
        "the insertion of its row by the driver, in the same process",
        _MEASURES,
        pairs,
    )
    # The first one was to warm up.
    beside = zip(seen[1:], pairs, strict=True)
    yield Comparison(
        f"{title}, ours beside it",
        f"{_KINDS[kind]}, by us",
        f"the same by {peer.name}"
        + ("" if peer.comparable else ", which promises less"),
        _MEASURES,
        [(block, theirs) for block, (theirs, _) in beside],
        {Measure.RATE: _AHEAD} if peer.comparable else {},
    )


def _count(plan: Plan, threads: int) -> int:
    # The threads of a block are new ones, for which some peers connect.
    many = threads > 1 and not plan.quick
    return plan.operations * (3 if many else 1)


def _each() -> ty.Iterator[tuple[str, int]]:
    return ((kind, threads) for kind in _KINDS for threads in _THREADS)


def _title(name: str, kind: str, threads: int, ours: _Ours) -> str:
    return (
        f"peers, {name}, {_KINDS[kind]}, {threads} thread(s), {ours.backend}"
    )


@contextlib.contextmanager
def _ours(backend: str) -> ty.Iterator[_Ours]:
    with databases.created(backend) as urls:
        service.create(database_server.engine(urls.api))
        url = sa.make_url(urls.api)
        plain = url.set(drivername=backend, query={})
        text = plain.render_as_string(hide_password=False)
        with contextlib.closing(service.Service(url)) as ours:
            yield _Ours(backend, text, ours, Things(text))


@contextlib.contextmanager
def _started(folder: Path, peer: Listed, ours: _Ours) -> ty.Iterator[Child]:
    interpreter = environment.python(peer)
    arguments = [f"--module={peer.module}", f"--url={ours.url}"]
    with stage.started(
        "benchmarks.peers.run", arguments, folder, interpreter
    ) as child:
        try:
            child.read()
        except RuntimeError as error:
            reason = f"it does not start: {str(error).splitlines()[-1]}"
            raise environment.Missing(reason) from error
        yield child
