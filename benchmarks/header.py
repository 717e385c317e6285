# SPDX-License-Identifier: Apache-2.0
"""What a POST without a token pays for our being there.

The decorator is measured alone, around a method that does nothing: within a
POST of milliseconds, microseconds would not be seen. That it sends no
statement is a test's matter, and counted with Nova's POSTs.
"""

from __future__ import annotations

import functools
import typing as ty

from oslo_utils import uuidutils
import webob

from benchmarks import timing
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from nova.openstack.common.idempotent import idempotent
from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol import token

# Seconds of CPU that a request without a token may cost, and how often it is
# asked for: one call is too short for the clock.
_BUDGET = 20e-6
_CALLS = 20000


class _Service:
    """Does what a service does first: it looks for a token."""

    headers = headers.TOKENS

    def perform(
        self, method: ty.Any, arguments: dict[str, ty.Any], call: ty.Any
    ) -> ty.Any:
        """Answer a request without a token."""
        if token.given(arguments["req"].environ, self.headers) is None:
            return call()
        raise AssertionError("there is no token in this benchmark")


class _Controller:
    """A controller of one method."""

    def create(self, req: webob.Request, body: ty.Any) -> None:
        """Do nothing."""


def run(plan: Plan) -> ty.Iterator[Comparison]:
    """Yield what was found.

    :param plan: how long to measure
    """
    plain = _Controller().create
    ours = idempotent(plain, service=_Service())
    request = webob.Request.blank(
        "/v2.1/servers", headers={"X-Request-Id": uuidutils.generate_uuid()}
    )
    title = "no token: what the decorator adds to a call"
    pairs = plan.pairs(
        title,
        _added(ours, plain, request),
        lambda _: Block((_BUDGET,), _BUDGET, _BUDGET),
    )
    yield Comparison(
        title,
        "CPU of a decorated method less that of the method itself",
        "the budget of 20 microseconds a request",
        (Measure.CPU,),
        pairs,
        {Measure.CPU: Mark(1.0)},
    )


def _added(ours: ty.Any, plain: ty.Any, request: webob.Request) -> Side:
    def cpu(method: ty.Any, at: int) -> float:
        call = functools.partial(method, request, body={})

        def often() -> None:
            for _ in range(_CALLS):
                call()

        return timing.block([often], at).cpu / _CALLS

    def run(at: int) -> Block:
        added = cpu(ours, at) - cpu(plain, at)
        return Block((added,), added, added)

    return run
