# SPDX-License-Identifier: Apache-2.0
"""Sixteen clients that ask for servers without a pause, for a minute."""

from __future__ import annotations

import json
import typing as ty

from benchmarks import stage
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from chaos.child import Child

_CLIENTS = 16


def run(plan: Plan) -> ty.Iterator[Comparison]:
    """Yield what was found.

    :param plan: how long to measure
    """
    backend, way = plan.backends[0], stage.THREADS
    seconds = plan.minute / plan.rounds
    site = plan.sites.on(backend)
    with plan.folder() as folder, stage.served(folder, site, way) as port:
        arguments = [f"--port={port}", f"--count={_CLIENTS}"]
        with stage.started(
            "benchmarks.clients", arguments, folder / "clients"
        ) as clients:
            title = f"throughput, {_CLIENTS} clients, {backend}"
            pairs = plan.pairs(
                title,
                _side(clients, "token", seconds),
                _side(clients, "none", seconds),
            )
    yield Comparison(
        title,
        f"POST /servers of {_CLIENTS} clients, each with a new token, for "
        f"{plan.minute:g} seconds in all, on {way}",
        "the same without a token",
        (Measure.RATE, Measure.P50, Measure.P95),
        pairs,
    )


def _side(clients: Child, how: str, seconds: float) -> Side:
    def run(_: int) -> Block:
        return Block(**json.loads(clients.ask(f"{how} {seconds}")))

    return run
