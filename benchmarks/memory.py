# SPDX-License-Identifier: Apache-2.0
"""How much memory a large body takes with a token, and without one."""

from __future__ import annotations

import dataclasses
import json
import typing as ty

from benchmarks import stage
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from benchmarks.reading import Reading

_SHAPES = {"values": "many small values", "text": "one long text"}
_COPIES = "more copies of the parsed body"
# One copy: what the controller may change.
_MARK = Mark(1.0)
# Nova refuses bodies of more than 112 KiB, unless it is told otherwise.
_LARGE = "[oslo_middleware]\nmax_request_body_size = 100000000"


def run(plan: Plan) -> ty.Iterator[Reading]:
    """Yield what was found.

    :param plan: how long to measure
    """
    backend = plan.backends[0]
    site = dataclasses.replace(plan.sites.on(backend), options=_LARGE)
    with plan.folder() as folder:
        site.write(folder, "weighing")
        arguments = [f"--history={folder / 'history'}"]
        with stage.started("benchmarks.weighing", arguments, folder) as child:
            child.read()
            for shape, what in _SHAPES.items():
                weighed = json.loads(child.ask(f"{shape} {plan.body}"))
                yield _reading(plan.body, what, weighed)


def _reading(size: int, what: str, weighed: dict[str, int]) -> Reading:
    more = weighed["token"] - weighed["none"] - weighed["small"]
    return Reading(
        f"memory, {what}",
        f"the most that a POST /servers of {size / 1e6:g} MB takes in Nova's "
        "API, with a token and without; Python's own count; the copies are "
        "what a token adds, less what it adds to a small body",
        {
            "without a token, MB": weighed["none"] / 1e6,
            "with a token, MB": weighed["token"] / 1e6,
            "a token with a small body, MB": weighed["small"] / 1e6,
            "the parsed body, MB": weighed["parsed"] / 1e6,
            _COPIES: more / weighed["parsed"],
        },
        {_COPIES: _MARK},
    )
