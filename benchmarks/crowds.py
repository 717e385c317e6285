# SPDX-License-Identifier: Apache-2.0
"""Does a crowd of retries of a running request slow others down?

Protocol section 3: what waits must not starve a service. While one request
runs and others repeat it, another user's GET is compared with the same GET of
the same server when it is idle. It begins when the crowd has arrived: when all
were told to come back but the one that waits. They come back when they were
told to, with jitter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
import threading
import time
import typing as ty
import uuid

from benchmarks import http
from benchmarks import stage
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.comparison import Comparison
from benchmarks.gate import Gate
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from chaos.child import Child
from chaos.configuration import Configuration

_MARK = Mark(2.0)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A crowd at a server.

    :param name: its name
    :param way: how the API is served
    :param retries: how many clients repeat the request
    :param max_waiting: how many of them may wait in a process
    :param mark: what the GET's p99 has to be
    """

    name: str
    way: stage.Way
    retries: int
    max_waiting: int = 1
    mark: Mark | None = _MARK


_KINDS = (
    Kind("threads", stage.THREADS, retries=40),
    Kind("processes", stage.PROCESSES, retries=20),
)
# What the limit is for, and that this benchmark would see it missing.
_UNLIMITED = Kind(
    "threads, all may wait",
    stage.THREADS,
    retries=40,
    max_waiting=1000,
    mark=None,
)


def run(plan: Plan) -> ty.Iterator[Comparison]:
    """Yield what was found, for each way to serve.

    :param plan: how long to measure
    """
    backend = plan.backends[0]
    site = plan.sites.on(backend)
    for kind in (*_KINDS, *(() if plan.quick else (_UNLIMITED,))):
        with plan.folder() as folder:
            yield _compared(plan, folder, site, kind, backend)


def _compared(
    plan: Plan, folder: Path, site: Configuration, kind: Kind, backend: str
) -> Comparison:
    gets, rounds = plan.gets, plan.rounds
    if kind.mark is None:
        gets, rounds = 2, 2  # each takes as long as the others wait
    limit = f"max_waiting = {kind.max_waiting}"
    site = dataclasses.replace(site, options=limit)
    with _started(folder, site, kind) as scene:
        title = f"crowd, {kind.name}, {backend}"
        pairs = plan.pairs(
            title,
            lambda _: scene.crowded(gets),
            lambda _: stage.idle(scene.port, gets),
            rounds,
        )
        return Comparison(
            title,
            f"GET beside {kind.retries} clients that repeat a running POST",
            f"the same GET while nothing else runs, on {kind.way}",
            (Measure.P50, Measure.P95, Measure.P99),
            pairs,
            {Measure.P99: kind.mark} if kind.mark else {},
            {"crowds": scene.seen},
        )


@dataclasses.dataclass(frozen=True)
class _Scene:
    """A server, and a crowd that can come to it.

    :param port: the server's
    :param crowd: the crowd's process
    :param gate: where the first request is held
    :param seen: gets what else each crowd has shown
    """

    port: int
    crowd: Child
    gate: Gate
    seen: list[dict[str, ty.Any]] = dataclasses.field(default_factory=list)

    def crowded(self, count: int) -> Block:
        """Measure GETs of another user while a request runs and is repeated.

        :param count: how many
        """
        caller, token = uuid.uuid4().hex, uuid.uuid4().hex
        first = threading.Thread(
            target=http.boot,
            args=(self.port, caller, token),
            kwargs={"X_Held_By": str(self.gate.path)},
        )
        first.start()
        with self.gate.shut():
            began = time.perf_counter()
            self.crowd.ask(f"begin {self.port} {caller} {token}")
            arriving = time.perf_counter() - began
            measured = stage.idle(self.port, count)
        first.join()
        told = json.loads(self.crowd.ask("end"))
        self.seen.append({"seconds to arrive": arriving, "told": told})
        return measured


@contextlib.contextmanager
def _started(
    folder: Path, site: Configuration, kind: Kind
) -> ty.Iterator[_Scene]:
    crowd_of = [
        f"--count={kind.retries}",
        f"--waiting={min(kind.max_waiting, kind.retries)}",
    ]
    with (
        stage.served(folder, site, kind.way) as port,
        stage.started("benchmarks.crowd", crowd_of, folder / "crowd") as crowd,
        contextlib.closing(Gate(folder / "gate")) as gate,
    ):
        crowd.read()
        yield _Scene(port, crowd, gate)
