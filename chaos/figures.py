# SPDX-License-Identifier: Apache-2.0
"""How much happened in a campaign."""

from __future__ import annotations

import collections
from collections.abc import Iterable
import dataclasses

from chaos.history import Event

_COUNTED = {
    "token": "tokens",
    "sent": "requests",
    "killed": "kills",
    "frozen": "freezes",
    "cut": "cuts",
    "takeover": "takeovers",
}


@dataclasses.dataclass(frozen=True)
class Figures:
    """Counts of what happened; each is a plain number."""

    tokens: int = 0
    requests: int = 0
    kills: int = 0
    freezes: int = 0
    cuts: int = 0
    takeovers: int = 0
    replays: int = 0

    @classmethod
    def of(cls, events: Iterable[Event]) -> Figures:
        """Count what a history tells.

        :param events: the history
        """
        counts: collections.Counter[str] = collections.Counter()
        for event in events:
            name = _COUNTED.get(event["event"])
            if name is not None:
                counts[name] += 1
            elif event.get("replayed"):
                counts["replays"] += 1
        return cls(**counts)

    def __str__(self) -> str:
        fields = dataclasses.asdict(self).items()
        return ", ".join(f"{count} {name}" for name, count in fields)

    @property
    def absent(self) -> list[str]:
        """What did not happen at all: a campaign without it shows nothing."""
        fields = dataclasses.asdict(self).items()
        return [name for name, count in fields if not count]
