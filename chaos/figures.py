# SPDX-License-Identifier: Apache-2.0
"""How much happened in a campaign."""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

from chaos import outages
from chaos.entry import Entry
from chaos.history import Event

_COUNTED = {
    "token": "tokens",
    "sent": "requests",
    "bystander": "bystanders",
    "killed": "kills",
    "frozen": "freezes",
    "cut": "cuts",
    "takeover": "takeovers",
}
_DOWN = {
    outages.DATABASE: "restarts",
    outages.BROKER: "outages",
    outages.DEAD_NODE: "deaths",
    outages.LONE_NODE: "partitions",
}
# What chance may leave out in a short campaign.
_RARE = frozenset({"withdrawals"})


@dataclasses.dataclass(frozen=True)
class Figures:
    """Counts of what happened; each is a plain number.

    :param nodes: the database servers
    :param tokens: tokens that clients used
    :param requests: what they sent with them
    :param bystanders: requests of others
    :param kills: workers that died
    :param freezes: workers that were frozen
    :param cuts: how often connections to the database were broken
    :param restarts: how often the database server crashed
    :param outages: how often the broker was cut off
    :param deaths: how often a node of a cluster died
    :param partitions: how often a node was cut off from the others
    :param takeovers: tokens that a retry took over
    :param replays: answers that were given before
    :param refusals: requests that were refused as they had to be
    :param multiples: successes for several servers
    :param groups: answers to boots into a server group
    :param changes: successes of what changes only what is there
    :param withdrawals: servers that were withdrawn
    """

    nodes: int = 1
    tokens: int = 0
    requests: int = 0
    bystanders: int = 0
    kills: int = 0
    freezes: int = 0
    cuts: int = 0
    restarts: int = 0
    outages: int = 0
    deaths: int = 0
    partitions: int = 0
    takeovers: int = 0
    replays: int = 0
    refusals: int = 0
    multiples: int = 0
    groups: int = 0
    changes: int = 0
    withdrawals: int = 0

    @classmethod
    def of(
        cls,
        events: ty.Iterable[Event],
        entries: ty.Iterable[Entry] = (),
        nodes: int = 1,
    ) -> Figures:
        """Count what a history tells.

        :param events: the history
        :param entries: what the databases hold in the end
        :param nodes: how many database servers there were
        """
        counts: collections.Counter[str] = collections.Counter()
        tokens: dict[str, Event] = {}
        for event in events:
            name = _COUNTED.get(event["event"])
            if name is not None:
                counts[name] += 1
            match event["event"]:
                case "token":
                    tokens[event["caller"]] = event
                case "answered":
                    counts.update(_of_answer(event, tokens[event["caller"]]))
                case "down":
                    counts[_DOWN[event["of"]]] += 1
        counts["withdrawals"] = sum(len(entry.withdrawn) for entry in entries)
        return cls(nodes=nodes, **counts)

    def __str__(self) -> str:
        fields = dataclasses.asdict(self).items()
        return ", ".join(f"{count} {name}" for name, count in fields)

    def absent(
        self, never: ty.Iterable[str] = (), *, short: bool
    ) -> list[str]:
        """Return what did not happen: a campaign without it shows nothing.

        :param never: the names of figures that it cannot have
        :param short: whether it was too short for what is rare
        """
        fields = dataclasses.asdict(self).items()
        # A cluster has enough trouble of its own.
        alone = self.nodes == 1
        forgiven = {
            name
            for of, name in _DOWN.items()
            if (of in outages.ON_NODES) == alone
        }
        forgiven |= {*never}
        forgiven |= _RARE if short else frozenset()
        return [
            name for name, count in fields
            if not count and name not in forgiven
        ]


def _of_answer(event: Event, token: Event) -> list[str]:
    happened = {
        "replays": event["replayed"],
        "refusals": event["status"] == token["refusal"],
        "multiples": event["made"] and token["count"] > 1,
        "groups": token["grouped"],
        "changes": event["made"] and token["changes"],
    }
    return [name for name, true in happened.items() if true]
