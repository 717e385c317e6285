# SPDX-License-Identifier: Apache-2.0
"""When everybody was in trouble, as a history tells it."""

from __future__ import annotations

import dataclasses
import typing as ty

from chaos.history import Event

DATABASE = "database"
BROKER = "broker"
#: Of one node of a cluster: the others go on.
DEAD_NODE = "dead node"
LONE_NODE = "lone node"

#: What is out of reach in turn on a cluster.
ON_NODES: ty.Final = (DEAD_NODE, LONE_NODE)

# Seconds in which all connections are made again, and who was waiting for
# what was out of reach has gone on.
_AFTER = 3.0


@dataclasses.dataclass(frozen=True)
class Outages:
    """The times in which something was out of reach, and shortly after.

    :param spans: what it was, from when and until when
    """

    spans: ty.Sequence[tuple[str, float, float]]

    @classmethod
    def of(cls, events: ty.Iterable[Event]) -> Outages:
        """Return the outages of a history.

        :param events: the history
        """
        began: dict[str, float] = {}
        spans = []
        for event in events:
            if event["event"] == "down":
                began[event["of"]] = event["at"]
            elif event["event"] == "up":
                start = began.pop(event["of"])
                spans.append((event["of"], start, event["at"] + _AFTER))
        never = ((of, start, float("inf")) for of, start in began.items())
        return cls((*spans, *never))

    def met(self, start: float, end: float, of: str | None = None) -> bool:
        """Tell whether an outage fell into a time.

        :param start: of the time
        :param end: of the time
        :param of: what was out of reach, None for whatever it was
        """
        return any(
            began <= end and start <= ended and of in (None, what)
            for what, began, ended in self.spans
        )
