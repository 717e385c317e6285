# SPDX-License-Identifier: Apache-2.0
"""What a token costs in the whole of Nova's API, and what its absence costs.

Two processes, one with Nova's own api-paste.ini and one with our line, are
called without a network. The conductor, the image service and placement are
not there: what the API asks of them costs nothing, or goes nowhere. So all
ratios are larger than in a whole cloud.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
import typing as ty

from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from chaos import databases
from chaos import schema
from chaos.child import Child
from chaos.configuration import Configuration

_MEASURES = (Measure.P50, Measure.P95, Measure.CPU)


@dataclasses.dataclass(frozen=True)
class _Question:
    """What is compared.

    :param name: its name
    :param mine: what is sent, as :mod:`caller` names it, to ours
    :param base: what that is compared with
    :param stock: whether the base is sent to Nova without us
    :param share: how many are sent of what the plan says
    :param marks: what the ratios have to be
    """

    name: str
    mine: str
    base: str
    marks: dict[Measure, Mark] = dataclasses.field(default_factory=dict)
    stock: bool = False
    share: float = 1.0


_QUESTIONS = (
    _Question(
        "POST /servers, with a token / without",
        "servers-token",
        "servers-none",
        {Measure.P50: Mark(1.039), Measure.P95: Mark(1.10)},
    ),
    _Question(
        "POST /os-keypairs, with a token / without",
        "os-keypairs-token",
        "os-keypairs-none",
        {Measure.P50: Mark(1.10), Measure.P95: Mark(1.15)},
        share=2,
    ),
    _Question(
        "POST /servers, without a token, ours / stock",
        "servers-none",
        "servers-none",
        stock=True,
    ),
    _Question(
        "POST /os-keypairs, without a token, ours / stock",
        "os-keypairs-none",
        "os-keypairs-none",
        stock=True,
        share=2,
    ),
    _Question(
        "replay of POST /servers / GET /servers/ID",
        "servers-replay",
        "servers-get",
        {Measure.RATE: Mark(3.0, at_least=True)},
    ),
)


def run(plan: Plan) -> ty.Iterator[Comparison]:
    """Yield what was found, on the first database.

    :param plan: how long to measure
    """
    backend = plan.backends[0]
    with databases.created(backend) as urls, plan.folder() as folder:
        site = Configuration(urls, lease=60, wait_timeout=5)
        schema.create(urls, site.transport_url)
        with (
            _started(folder, site, woven=True) as ours,
            _started(folder, site, woven=False) as stock,
        ):
            for question in _QUESTIONS:
                base = stock if question.stock else ours
                yield _compared(plan, question, ours, base, backend)


def _compared(
    plan: Plan, question: _Question, ours: Child, base: Child, backend: str
) -> Comparison:
    count = round(plan.posts * question.share)
    title = f"{question.name}, {backend}"
    pairs = plan.pairs(
        title,
        _side(ours, question.mine, count),
        _side(base, question.base, count),
    )
    rate = (Measure.RATE,) if Measure.RATE in question.marks else ()
    statements = {
        "this": int(ours.ask(f"statements {question.mine}")),
        "that": int(base.ask(f"statements {question.base}")),
    }
    return Comparison(
        title,
        f"{question.mine} to Nova's API with us, in its process",
        f"{question.base} to "
        + ("Nova's own API" if question.stock else "the same process"),
        (*_MEASURES, *rate),
        pairs,
        question.marks,
        {"statements a request": statements},
    )


def _side(child: Child, kind: str, count: int) -> Side:
    def run(at: int) -> Block:
        return Block(**json.loads(child.ask(f"{kind} {count} {at}")))

    return run


@contextlib.contextmanager
def _started(
    folder: Path, site: Configuration, *, woven: bool
) -> ty.Iterator[Child]:
    mine = folder / ("ours" if woven else "stock")
    mine.mkdir()
    dataclasses.replace(site, woven=woven).write(mine, mine.name)
    child = Child("benchmarks.caller", [f"--history={mine / 'history'}"], mine)
    try:
        child.read()
        yield child
    finally:
        child.stop()
