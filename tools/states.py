# SPDX-License-Identifier: Apache-2.0
"""Draws the states of a token, and what leads from one to another."""

from __future__ import annotations

import dataclasses
import typing as ty

from tools import drawing

_SIZE: ty.Final = (980, 520)
_BOX: ty.Final = (190, 58)


@dataclasses.dataclass(frozen=True)
class State:
    """A state.

    :param name: what the look-up calls it
    :param retry: what a retry gets then
    :param corner: the upper left one of its box
    :param style: the box's
    """

    name: str
    retry: str
    corner: drawing.Point
    style: str = ""


@dataclasses.dataclass(frozen=True)
class Way:
    """What leads from one state to another.

    :param steps: the line, as SVG writes it
    :param because: what happens
    :param at: where that stands
    """

    steps: str
    because: str
    at: drawing.Point


STATES: ty.Final = (
    State("unused", "any request claims it", (20, 200)),
    State("running", "waits, or gets running", (330, 200), "ours"),
    State("interrupted", "finds out what happened", (330, 430), "ours"),
    State("succeeded", "gets the first answer", (760, 50), "good"),
    State("failed", "gets the failure again", (760, 240), "bad"),
    State("unknown", "is told so; never runs", (760, 430), "bad"),
)
WAYS: ty.Final = (
    Way("M210 216 H330", "a request", (238, 208)),
    Way(
        "M330 244 H210",
        "refused, or failed,\nand nothing is left",
        (212, 264),
    ),
    Way("M425 200 C425 80 560 80 760 80", "done, and committed", (500, 74)),
    Way("M520 229 C620 229 660 256 760 256",
        "failed, and\nsomething is left", (530, 204)),
    Way("M405 258 V430", "its worker is gone:\nthe lease runs out",
        (252, 350)),
    Way("M445 430 V258", "nothing committed, or\nwithdrawn: runs again",
        (453, 350)),
    Way("M520 446 C640 446 640 96 760 96",
        "it was committed,\nor Nova recorded it", (505, 284)),
    Way("M520 456 C660 456 640 284 760 284", "Nova recorded\nthat it failed",
        (680, 356)),
    Way("M520 470 H760", "not linked, and Nova\nrecorded nothing",
        (572, 488)),
)  # fmt: skip


def draw() -> str:
    """Return the picture."""
    ends = drawing.text(
        (20, 30),
        "Below each state: what a retry gets.\nEach state on the right ends "
        "after token_ttl.",
        "small",
    )
    return drawing.page(
        "The states of a token", _SIZE,
        [*map(_way, WAYS), *map(_state, STATES), ends],
    )  # fmt: skip


def _state(one: State) -> str:
    left, top = one.corner
    middle = left + _BOX[0] // 2
    return "\n".join(
        (
            drawing.box(one.corner, _BOX, one.style),
            drawing.text((middle, top + 24), one.name, "title middle"),
            drawing.text((middle, top + 44), one.retry, "small middle"),
        )
    )


def _way(one: Way) -> str:
    return "\n".join(
        (drawing.path(one.steps), drawing.text(one.at, one.because, "small"))
    )
