# SPDX-License-Identifier: Apache-2.0
"""How many requests are sent, and which: the same ones each time.

TEST_FUZZ_SEED rolls other dice, TEST_FUZZ_REQUESTS sends more or less.
"""

from __future__ import annotations

import os
import typing as ty

import hypothesis
from hypothesis import strategies as st

#: How many of all requests each test sends.
SHARES = {
    "headers": 9000,
    "bodies": 6000,
    "paths": 4000,
    "together": 1500,
    "large": 24,
}
#: How many there are at least in the gate.
LEAST = 20_000

_ALL = sum(SHARES.values())
_WANTED = int(os.environ.get("TEST_FUZZ_REQUESTS", _ALL))

_Example = ty.TypeVar("_Example")


def share(name: str) -> int:
    """Return how many requests a test sends."""
    return max(1, SHARES[name] * _WANTED // _ALL)


def enough() -> bool:
    """Tell whether so many are sent that each kind must be among them."""
    return _WANTED >= LEAST


def roll(
    strategy: st.SearchStrategy[_Example],
    times: int,
    check: ty.Callable[[_Example], None],
) -> None:
    """Check so many examples, or fewer if there are no more."""
    seed = os.environ.get("TEST_FUZZ_SEED")

    @hypothesis.settings(
        max_examples=times,
        deadline=None,
        database=None,
        derandomize=seed is None,
        report_multiple_bugs=False,
        # What is slow is Nova, not the making of an example.
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(strategy)
    def run(example: _Example) -> None:
        check(example)

    if seed is not None:
        run = hypothesis.seed(int(seed))(run)
    run()
