# SPDX-License-Identifier: Apache-2.0
"""What a token costs in the whole of Nova's API, and what its absence costs.

Three processes under uWSGI, one with our line in api-paste.ini and two with
Nova's own, serve requests that come one after the other; each pair is of one
request to each side. The conductor, the image service, Neutron and placement
are not there: what the API asks of them costs nothing, or goes nowhere. So all
ratios are larger than in a whole cloud.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import typing as ty

from benchmarks import stage
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.calling import Caller
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from chaos.configuration import Configuration

_MEASURES = (Measure.P50, Measure.P95, Measure.CPU)


# Pairs of one request each, of which a p95 can be told.
_ENOUGH = 200
#: The processes, and whether client tokens are turned on there.
_OURS, _STOCK, _SAME = "ours", "stock", "stock again"
_WOVEN = {_OURS: True, _STOCK: False, _SAME: False}


@dataclasses.dataclass(frozen=True)
class _Question:
    """What is compared.

    :param name: its name
    :param mine: what is sent, as :class:`Caller` names it
    :param base: what that is compared with
    :param marks: what the ratios have to be
    :param to: where the first is sent to, and the second
    :param share: how many are sent of what the plan says
    """

    name: str
    mine: str
    base: str
    marks: dict[Measure, Mark] = dataclasses.field(default_factory=dict)
    to: tuple[str, str] = (_OURS, _OURS)
    share: int = 1


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
        share=4,
    ),
    *(
        _Question(
            f"POST /{resource}, without a token, {mine} / stock",
            f"{resource}-none",
            f"{resource}-none",
            to=(mine, _STOCK),
            share=share,
        )
        for resource, share in (("servers", 1), ("os-keypairs", 4))
        for mine in (_OURS, _SAME)
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
    site = plan.sites.on(backend)
    with plan.folder() as folder, _started(folder, site) as callers:
        for question in _QUESTIONS:
            yield _compared(plan, question, callers, backend)


def _compared(
    plan: Plan,
    question: _Question,
    callers: ty.Mapping[str, Caller],
    backend: str,
) -> Comparison:
    title = f"{question.name}, {backend}"
    mine, base = (callers[name] for name in question.to)
    pairs = plan.pairs(
        title,
        _side(mine, question.mine),
        _side(base, question.base),
        plan.posts * question.share,
    )
    rate = (Measure.RATE,) if Measure.RATE in question.marks else ()
    statements = {
        "this": mine.statements(question.mine),
        "that": base.statements(question.base),
    }
    return Comparison(
        title,
        f"{question.mine} to Nova's API, {question.to[0]}, under uWSGI",
        f"{question.base}, {question.to[1]}",
        (*_MEASURES, *rate),
        pairs,
        question.marks,
        {"statements a request": statements},
        _ENOUGH,
    )


def _side(caller: Caller, kind: str) -> Side:
    def run(at: int) -> Block:
        return caller.block(kind, 1, at)

    return run


@contextlib.contextmanager
def _started(
    folder: Path, site: Configuration
) -> ty.Iterator[dict[str, Caller]]:
    with contextlib.ExitStack() as stack:
        children = {}
        for name, woven in _WOVEN.items():
            mine = folder / name.replace(" ", "-")
            mine.mkdir()
            dataclasses.replace(site, woven=woven).write(mine, mine.name)
            arguments = [f"--history={mine / 'history'}"]
            children[name] = stack.enter_context(
                stage.started("benchmarks.uwsgi", arguments, mine)
            )
        yield {
            name: Caller(int(child.read()))
            for name, child in children.items()
        }
