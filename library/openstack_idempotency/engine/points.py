# SPDX-License-Identifier: Apache-2.0
"""Fault points: where tests let a worker die, freeze or lose its database.

Inert in production: nothing but a test calls :func:`arm`, and neither a
setting nor a request can.
"""

from __future__ import annotations

import enum
import typing as ty


class Point(enum.Enum):
    """A boundary in the life of a request with a token."""

    BEFORE_CLAIM = "before-claim"
    CLAIMING = "claiming"
    AFTER_CLAIM = "after-claim"
    BEFORE_METHOD = "before-method"
    BEFORE_LINK = "before-link"
    BEFORE_COMMIT = "before-commit"
    AFTER_COMMIT = "after-commit"
    AFTER_METHOD = "after-method"
    BEFORE_SETTLE = "before-settle"
    AFTER_SETTLE = "after-settle"
    BEFORE_TAKEOVER = "before-takeover"
    AFTER_TAKEOVER = "after-takeover"
    BEFORE_ANSWER = "before-answer"
    # Ahead of a deletion, and of the fence that may stop it.
    BEFORE_CLEANUP = "before-cleanup"
    BEFORE_UNDO = "before-undo"
    AFTER_UNDO = "after-undo"
    # Within a transaction of the store, or just before its only statement.
    COMPLETING = "completing"
    FREEING = "freeing"
    RERUNNING = "rerunning"
    RECOVERING = "recovering"
    EXTENDING = "extending"
    WITHDRAWING = "withdrawing"
    # Between what a purge has read and what it writes.
    PURGING = "purging"
    MARKING = "marking"


_hook: ty.Callable[[Point], None] | None = None


def arm(hook: ty.Callable[[Point], None] | None) -> None:
    """Call a function at every point from now on; for tests only.

    :param hook: takes the point; None disarms
    """
    global _hook  # noqa: PLW0603 - one for the process, like a signal handler
    _hook = hook


def armed() -> bool:
    """Tell whether a test has armed the points."""
    return _hook is not None


def reached(point: Point) -> None:
    """Mark that a worker has come to a point.

    :param point: the point
    """
    if _hook is not None:
        _hook(point)
