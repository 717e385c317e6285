# SPDX-License-Identifier: Apache-2.0
"""Does a purge of a million tokens slow claims down, and how fast is it?

Claims come at a steady pace, as from users, and are compared with claims at
the same pace while nothing is purged. A process of its own purges: as an API
process does at each interval, and as the operators' command does.
"""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
from pathlib import Path
import secrets
import time
import typing as ty

import sqlalchemy as sa

from benchmarks import filling
from benchmarks import service
from benchmarks import stage
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.comparison import Comparison
from benchmarks.filling import Content
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from benchmarks.reading import Reading
from benchmarks.stopwatch import Stopwatch
from chaos import databases
from chaos.child import Child
from chaos.configuration import Configuration
from embedded import database_server
from openstack_idempotency.sql.tables import TOKENS

_MARK = Mark(2.0)
# First uses: so many threads, each with one in so many seconds.
_THREADS, _PACE = 4, 0.04
# What one round of a process deletes by default.
_ROUND = 1000


@dataclasses.dataclass(frozen=True)
class _Scene:
    """A table with ended tokens, who uses it, and who purges it.

    :param service: the service that claims tokens
    :param claims: times its claims
    :param purging: the process that purges
    :param engine: of the database
    :param took: gets the seconds that each purge took
    """

    service: service.Service
    claims: Stopwatch
    purging: Child
    engine: sa.Engine
    took: list[float] = dataclasses.field(default_factory=list)

    def beside(self, command: str, seconds: float) -> Block:
        """Measure claims while something is purged, and a while longer.

        :param command: tells the process what
        :param seconds: how long to measure at least
        """
        with futures.ThreadPoolExecutor(1) as pool:
            purge = pool.submit(self.purging.ask, command)
            block = self._claims(seconds, purge.done)
            self.took.append(float(purge.result()))
        return block

    def alone(self, seconds: float) -> Block:
        """Measure claims while nothing is purged.

        :param seconds: how long
        """
        return self._claims(seconds, lambda: True)

    @property
    def left(self) -> int:
        """How many ended tokens there are."""
        ended = TOKENS.c.request_id == filling.REQUEST
        query = sa.select(sa.func.count()).where(ended)
        with self.engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def _claims(
        self, seconds: float, done: ty.Callable[[], bool]
    ) -> Block:
        began = time.perf_counter()

        def use(thread: int) -> None:
            due = began + _PACE * thread / _THREADS
            while time.perf_counter() - began < seconds or not done():
                time.sleep(max(0.0, due - time.perf_counter()))
                self.service.answer(secrets.token_hex())
                due = max(due + _PACE, time.perf_counter())

        self.claims.take()
        with futures.ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(use, range(_THREADS)))
        return self.claims.take()["claim"]


def run(plan: Plan) -> ty.Iterator[Comparison | Reading]:
    """Yield what was found, for each database.

    :param plan: how long to measure
    """
    for backend in plan.backends:
        with plan.folder() as folder, _scene(plan, folder, backend) as scene:
            yield from _default(plan, scene, backend)
            yield from _command(plan, scene, backend)


def _default(
    plan: Plan, scene: _Scene, backend: str
) -> ty.Iterator[Comparison]:
    title = f"purge at intervals, {backend}"
    pairs = plan.pairs(
        title,
        lambda _: scene.beside("round", plan.stretch),
        lambda _: scene.alone(plan.stretch),
    )
    yield _comparison(
        title,
        "while a process does one round of its purge, as often as it does "
        f"by default if there are {60 / plan.stretch:g} processes",
        pairs,
    )


def _command(
    plan: Plan, scene: _Scene, backend: str
) -> ty.Iterator[Comparison | Reading]:
    title = f"purge by command, {backend}"
    before = scene.left
    scene.took.clear()
    pairs = plan.pairs(
        title,
        lambda _: scene.beside("command", plan.stretch),
        lambda _: scene.alone(plan.stretch),
    )
    deleted = before - scene.left
    yield _comparison(
        title,
        f"while the command deletes {_count(plan):,} tokens; {deleted:,} in "
        "all",
        pairs,
    )
    yield Reading(
        f"{title}, rate",
        f"the command, {deleted:,} tokens with answers, one resource bound to "
        "each, beside the claims",
        {"tokens a second": deleted / sum(scene.took)},
    )


def _count(plan: Plan) -> int:
    """Return how many tokens the command deletes each time."""
    rest = plan.ended - _ROUND * (plan.rounds + 1)
    # Once when the process starts, and once to warm up.
    return rest // (plan.rounds + 2)


def _comparison(
    title: str, how: str, pairs: ty.Sequence[Pair]
) -> Comparison:
    return Comparison(
        title,
        f"claims of {_THREADS / _PACE:g} first uses a second, {how}",
        "the same while nothing is purged",
        (Measure.P50, Measure.P95, Measure.P99),
        pairs,
        {Measure.P99: _MARK},
    )


@contextlib.contextmanager
def _scene(plan: Plan, folder: Path, backend: str) -> ty.Iterator[_Scene]:
    with databases.created(backend) as urls:
        engine = database_server.engine(urls.api)
        service.create(engine)
        filling.fill(engine, Content(plan.ended, ended=True))
        Configuration(urls).write(folder, "purging")
        arguments = [
            f"--config-file={folder / 'nova.conf'}",
            f"--count={_count(plan)}",
        ]
        opened = service.Service(sa.make_url(urls.api))
        with (
            contextlib.closing(opened) as ours,
            stage.started("benchmarks.purging", arguments, folder) as purging,
        ):
            purging.read()
            claims = Stopwatch(ours.store, "claim")
            yield _Scene(ours, claims, purging, engine)
