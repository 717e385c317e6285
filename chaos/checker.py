# SPDX-License-Identifier: Apache-2.0
"""Judges a history against what the database holds in the end.

Pure: it knows neither the hosts nor the clients, only what they wrote down.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import enum

from chaos.entry import Entry
from chaos.history import Event


class Rule(enum.Enum):
    """What must hold, whatever happened."""

    DUPLICATE = "a token made more than one set of resources"
    LOST_MAPPING = "a resource is there, but its token does not name it"
    DANGLING = "a token names a resource that is not there"
    PHANTOM = "an answer named a resource that never was"
    DISAGREEMENT = "two answers of a token name different resources"
    UNANSWERED = "a client did not get a successful answer"
    REFUSED = "a client got an answer that a repetition must not get"
    ENDLESS = "a request or a client has not ended"
    SLOW = "a worker spent longer on a request than any wait of ours"


@dataclasses.dataclass(frozen=True)
class Violation:
    """A rule that did not hold.

    :param rule: the rule
    :param caller: whose token it was
    :param says: the details
    """

    rule: Rule
    caller: str
    says: str

    def __str__(self) -> str:
        return f"{self.rule.value}: {self.caller}: {self.says}"


#: Seconds: wait_timeout, the longest freeze of a worker and of the one that
#: it waits for, and a busy machine; but less than a database's own waits.
PATIENCE = 25.0

# What a client may be told while its request has no answer yet: it is asked
# to repeat it. 500 is Nova's own word for a database that it lost.
_REPEAT = frozenset({409, 500, 503})


def of_token(
    caller: str, named: Collection[str], entry: Entry
) -> list[Violation]:
    """Judge what came of one token.

    :param caller: whose it is
    :param named: the ids in all of its successful answers
    :param entry: what the database holds of it
    """
    made, bound, answered = set(entry.made), set(entry.bound), set(named)
    findings = (
        (Rule.DUPLICATE, len(entry.made) > 1, entry.made),
        (Rule.LOST_MAPPING, made - bound, made - bound),
        (Rule.DANGLING, bound - made, bound - made),
        (Rule.PHANTOM, answered - made, answered - made),
        (Rule.DISAGREEMENT, len(answered) > 1, answered),
        (Rule.UNANSWERED, not answered, "none of them"),
    )
    return [
        Violation(rule, caller, str(details))
        for rule, broken, details in findings
        if broken
    ]


def judge(
    events: Iterable[Event], entries: Mapping[str, Entry]
) -> list[Violation]:
    """Judge a whole campaign.

    :param events: its history
    :param entries: what the database holds in the end, by caller
    """
    named: dict[str, list[str]] = {}
    found: list[Violation] = []
    history = list(events)
    for event in history:
        match event["event"]:
            case "token":
                named[event["caller"]] = []
            case "answered" if event["made"] is not None:
                named[event["caller"]].append(event["made"])
            case "gave-up":
                says = "one of its clients"
                found.append(
                    Violation(Rule.UNANSWERED, event["caller"], says)
                )
            case "answered" if event["status"] not in _REPEAT:
                says = str(event["status"])
                found.append(Violation(Rule.REFUSED, event["caller"], says))
    for caller, ids in named.items():
        found += of_token(caller, ids, entries.get(caller, Entry()))
    # What nobody asked for must not be there either.
    for caller in entries.keys() - named.keys():
        says = "made without a request"
        found.append(Violation(Rule.DUPLICATE, caller, says))
    return [*found, *_late(history)]


def unfinished(events: Iterable[Event]) -> dict[str, Event]:
    """Return the beginnings, by their ids, that have no end yet.

    :param events: a history; a request ends with its worker, too
    """
    pending: dict[str, Event] = {}
    for event in events:
        match event["event"]:
            case "began" | "sent" | "entered":
                pending[event["id"]] = event
            case "ended" | "gave-up" | "answered" | "broken" | "left":
                pending.pop(event["id"], None)
            case "killed":
                pid = event["pid"]
                pending = {
                    key: begun
                    for key, begun in pending.items()
                    if begun.get("pid") != pid
                }
    return pending


def _late(history: list[Event]) -> Iterable[Violation]:
    for key, event in unfinished(history).items():
        caller = event.get("caller", "a worker")
        yield Violation(Rule.ENDLESS, caller, f"{event['event']} {key}")
    for event in history:
        if event["event"] == "left" and event["seconds"] > PATIENCE:
            says = f"{event['seconds']:.1f} s in process {event['pid']}"
            yield Violation(Rule.SLOW, "a worker", says)
