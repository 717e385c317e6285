# SPDX-License-Identifier: Apache-2.0
"""Two hundred POSTs with one token, all at once, and what others feel of it.

Nothing is held here, and nobody waits until the crowd has arrived: GETs of
another user begin with it, and end when each client has its answer. Clients
are told to come back later the more of them there are, so the first second,
in which all arrive, is shown by itself, too.
"""

from __future__ import annotations

import collections
from concurrent import futures
import dataclasses
import json
from pathlib import Path
import typing as ty
import uuid

import sqlalchemy as sa

from benchmarks import stage
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Pair
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from benchmarks.reading import Reading
from chaos.child import Child
from chaos.configuration import Configuration
from embedded import database_server
from nova.db.api import models

_MARK = Mark(2.0)
# Each takes half a minute.
_MOST = 6
_MADE, _LEFT = "servers made in one rush, the most", "clients without it"
_MEASURES = (Measure.P50, Measure.P95, Measure.P99)


@dataclasses.dataclass(frozen=True)
class _Scene:
    """A server, and a crowd that can come to it.

    :param port: the server's
    :param crowd: the crowd's process
    :param api: Nova's API database
    :param arriving: gets a block of each rush while the crowd arrives
    :param made: gets how many servers each rush has made
    :param told: gets what its clients were told
    """

    port: int
    crowd: Child
    api: sa.Engine
    arriving: list[Block] = dataclasses.field(default_factory=list)
    made: list[int] = dataclasses.field(default_factory=list)
    told: list[dict[str, int]] = dataclasses.field(default_factory=list)

    def rush(self) -> Block:
        """Measure GETs of another user while all ask for one server."""
        caller, token = uuid.uuid4().hex, uuid.uuid4().hex
        arriving, _ = self._beside(f"begin {self.port} {caller} {token}")
        later, told = self._beside("wait")
        self.arriving.append(arriving)
        self.told.append(json.loads(told))
        self.made.append(self._servers(caller))
        return Block(
            arriving.seconds + later.seconds,
            arriving.elapsed + later.elapsed,
        )

    def _beside(self, command: str) -> tuple[Block, str]:
        """Measure until the crowd has answered a command."""
        with futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.crowd.ask, command)
            block = stage.gets(self.port, lambda n: not (n and asked.done()))
            return block, asked.result()

    def _servers(self, caller: str) -> int:
        """Count a project's servers: there is no conductor to build them."""
        column = models.BuildRequest.project_id
        query = sa.select(sa.func.count()).where(column == caller)
        with self.api.connect() as connection:
            return int(connection.scalar(query) or 0)


def run(plan: Plan) -> ty.Iterator[Comparison | Reading]:
    """Yield what was found.

    :param plan: how long to measure
    """
    backend = plan.backends[0]
    with plan.folder() as folder:
        yield from _found(plan, folder, plan.sites.on(backend), backend)


def _found(
    plan: Plan, folder: Path, site: Configuration, backend: str
) -> ty.Iterator[Comparison | Reading]:
    way, crowd_of = stage.THREADS, [f"--count={plan.crowd}", "--waiting=0"]
    title = f"rush of {plan.crowd}, {way.name}, {backend}"
    with (
        stage.served(folder, site, way) as port,
        stage.started("benchmarks.crowd", crowd_of, folder / "crowd") as crowd,
    ):
        crowd.read()
        api = database_server.engine(site.databases.api)
        scene = _Scene(port, crowd, api)
        pairs = plan.pairs(
            title,
            lambda _: scene.rush(),
            lambda _: stage.idle(port, plan.gets),
            min(plan.rounds, _MOST),
        )
    yield _comparison(
        title, "until each client has its answer", pairs, _MARK, scene.told
    )
    # The first one was to warm up.
    arriving = zip(scene.arriving[1:], pairs, strict=True)
    yield _comparison(
        f"{title}, arriving",
        "until each client was told something",
        [(block, idle) for block, (_, idle) in arriving],
    )
    yield _counted(f"{title}, executions", plan.crowd, scene)


def _comparison(
    title: str,
    until: str,
    pairs: ty.Sequence[Pair],
    mark: Mark | None = None,
    told: ty.Sequence[dict[str, int]] = (),
) -> Comparison:
    return Comparison(
        title,
        f"GET from when all send a POST with one token at once, {until}",
        f"the same GET while nothing else runs, on {stage.THREADS}",
        _MEASURES,
        pairs,
        {Measure.P99: mark} if mark else {},
        {"told": _sum(told)},
    )


def _counted(title: str, clients: int, scene: _Scene) -> Reading:
    told = _sum(scene.told)
    given = sum(n for text, n in told.items() if text.startswith("202 "))
    return Reading(
        title,
        f"{len(scene.made)} times {clients} POSTs with one token at once",
        {
            _MADE: max(scene.made),
            _LEFT: clients * len(scene.made) - given,
        },
        {_MADE: Mark(1), _LEFT: Mark(0)},
    )


def _sum(told: ty.Iterable[dict[str, int]]) -> dict[str, int]:
    total: collections.Counter[str] = collections.Counter()
    for one in told:
        total.update(one)
    return dict(total)
