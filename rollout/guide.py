# SPDX-License-Identifier: Apache-2.0
"""The guide that operators read: which steps it has."""

from __future__ import annotations

from pathlib import Path
import re

PAGE = Path(__file__).parents[1] / "docs" / "rolling-out.md"
_STEP = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)


def steps() -> list[str]:
    """Return what its steps are called, in their order.

    :raises ValueError: they are not numbered in that order
    """
    found = _STEP.findall(PAGE.read_text())
    if [int(number) for number, _ in found] != [*range(1, len(found) + 1)]:
        raise ValueError(f"{PAGE}: the steps are not numbered in order")
    return [title for _, title in found]
