# SPDX-License-Identifier: Apache-2.0
"""What came of the servers that the API was asked for, at the conductor."""

from __future__ import annotations

import dataclasses
import typing as ty

from chaos import outages
from chaos.entry import Entry
from chaos.history import Event
from chaos.outages import Outages
from chaos.rules import Rule
from chaos.rules import Violation


@dataclasses.dataclass(frozen=True)
class Delivery:
    """The conductor's part of a history.

    :param handed: the ids of all servers that it was given
    :param ended: those that it gave to a compute, or buried
    :param built: those that it gave to a compute
    :param claimed: those that have allocations in the end
    :param lost: those that it lost with the database, as Nova's may
    :param working: whether it has not ended yet
    """

    handed: frozenset[str]
    ended: frozenset[str]
    built: frozenset[str]
    claimed: frozenset[str]
    lost: frozenset[str]
    working: bool

    @classmethod
    def of(cls, history: list[Event]) -> Delivery:
        """Return what a history tells of the conductor.

        :param history: the history
        """
        down = Outages.of(history)
        casts: dict[str, Event] = {}
        open_: set[str] = set()
        claimed: set[str] = set()
        lost: set[str] = set()
        ends: dict[str, set[str]] = {"built": set(), "buried": set()}
        for event in history:
            match event["event"]:
                case "handed":
                    casts[event["id"]] = event
                    open_.add(event["id"])
                case "done":
                    open_.discard(event["id"])
                case "failed":
                    open_.discard(event["id"])
                    start = casts[event["id"]]["at"]
                    if down.met(start, event["at"], outages.DATABASE):
                        lost |= set(event["servers"])
                case "claimed":
                    claimed |= set(event["servers"])
                case "freed":
                    claimed.discard(event["server"])
                case "built" | "buried":
                    ends[event["event"]].add(event["server"])
        handed = (uuid for cast in casts.values() for uuid in cast["servers"])
        return cls(
            handed=frozenset(handed),
            ended=frozenset(ends["built"] | ends["buried"]),
            built=frozenset(ends["built"]),
            claimed=frozenset(claimed),
            lost=frozenset(lost),
            working=bool(open_),
        )

    def of_success(self, caller: str, entry: Entry) -> ty.Iterator[Violation]:
        """Judge the servers of a token that was answered with a success.

        :param caller: whose token it is
        :param entry: what the databases hold of it
        """
        unheard = set(entry.made) - self.handed
        dropped = set(entry.made) - unheard - self.ended - self.lost
        if unheard:
            yield Violation(Rule.UNBUILT, caller, str(unheard))
        if dropped:
            says = f"the conductor dropped {dropped}"
            yield Violation(Rule.UNBUILT, caller, says)

    def of_site(
        self, entries: ty.Mapping[str, Entry]
    ) -> ty.Iterator[Violation]:
        """Judge what is in the cells.

        :param entries: what the databases hold in the end, by caller
        """
        made: set[str] = set()
        for caller, entry in entries.items():
            made |= set(entry.made)
            if set(entry.stray) - self.lost:
                yield Violation(Rule.STRAY, caller, str(entry.stray))
        if self.built - made:
            says = f"computes were given {set(self.built - made)}"
            yield Violation(Rule.STRAY, "the conductor", says)
        kept = self.claimed - made - self.lost
        if kept:
            yield Violation(Rule.KEPT, "placement", str(set(kept)))


def settled(events: ty.Iterable[Event], servers: set[str]) -> bool:
    """Tell whether the conductor has ended, with what it has to be given.

    :param events: a history
    :param servers: the ids of the servers that it has to be given
    """
    delivery = Delivery.of(list(events))
    return not delivery.working and servers <= delivery.handed
