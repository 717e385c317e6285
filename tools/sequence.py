# SPDX-License-Identifier: Apache-2.0
"""Draws who says what to whom when an answer is lost, and a retry gets it."""

from __future__ import annotations

import dataclasses
import typing as ty

from tools import drawing

CLIENT, ONE, OTHER, DATABASE = range(4)
_NAMES: ty.Final = ("client", "API worker", "another worker", "API database")
_LEFT: ty.Final = (90, 340, 550, 800)
_WIDTH: ty.Final = 900
_TOP: ty.Final = 64
_STEP: ty.Final = 48
_LINE: ty.Final = 17


@dataclasses.dataclass(frozen=True)
class Message:
    """What one says to another.

    :param sender: who
    :param receiver: to whom
    :param says: what
    :param style: how its arrow is drawn
    """

    sender: int
    receiver: int
    says: str
    style: str = "arrow"


@dataclasses.dataclass(frozen=True)
class Transaction:
    """What is done in the database at once, or not at all.

    :param worker: by whom
    :param does: a line for each statement
    """

    worker: int
    does: tuple[str, ...]


STORY: ty.Final[tuple[Message | Transaction, ...]] = (
    Message(CLIENT, ONE, "POST /servers, token T"),
    Message(ONE, DATABASE, "claim T"),
    Transaction(
        ONE,
        ("do I still hold T?", "insert the server", "bind it to T", "COMMIT"),
    ),
    Message(ONE, DATABASE, "store the sealed answer"),
    Message(ONE, CLIENT, "202, server S", "arrow answer lost"),
    Message(CLIENT, OTHER, "the same POST, token T"),
    Message(OTHER, DATABASE, "T?"),
    Message(DATABASE, OTHER, "done, with this answer", "arrow answer"),
    Message(OTHER, CLIENT, "202, server S: replayed", "arrow answer"),
)


def draw() -> str:
    """Return the picture."""
    parts: list[str] = []
    top = _TOP + _STEP
    for one in STORY:
        if isinstance(one, Message):
            parts.append(_message(one, top))
            top += _STEP
        else:
            parts.append(_transaction(one, top - _STEP // 2))
            top += len(one.does) * _LINE + _STEP // 2
    lives = [_life(*life, top) for life in zip(_NAMES, _LEFT, strict=True)]
    return drawing.page(
        "A retry gets the answer that its first request has lost",
        (_WIDTH, top), [*lives, *parts],
    )  # fmt: skip


def _life(name: str, left: int, bottom: int) -> str:
    width = 150
    return "\n".join(
        (
            drawing.path(f"M{left} {_TOP - 6} V{bottom - 8}", "life"),
            drawing.box((left - width // 2, 16), (width, 38),
                        "ours" if name == _NAMES[DATABASE] else ""),
            drawing.text((left, 40), name, "title middle"),
        )
    )  # fmt: skip


def _message(one: Message, top: int) -> str:
    start, end = _LEFT[one.sender], _LEFT[one.receiver]
    parts = []
    if "lost" in one.style:
        # It does not arrive.
        end = (start + end) // 2
        parts.append(drawing.text((end - 56, top + 5), "lost ✗", "title"))
    parts.append(drawing.path(f"M{start} {top} H{end}", one.style))
    near = min(start, end)
    parts.append(drawing.text((near + 12, top - 8), one.says))
    return "\n".join(parts)


def _transaction(one: Transaction, top: int) -> str:
    start, end = _LEFT[one.worker], _LEFT[DATABASE]
    height = len(one.does) * _LINE + 12
    return "\n".join(
        (
            drawing.box((start, top), (end - start, height), "ours"),
            drawing.text((start + 12, top + 20), "\n".join(one.does)),
            drawing.text((end - 12, top + 20), "one transaction:\nall or "
                         "nothing", "small end"),
        )
    )  # fmt: skip
