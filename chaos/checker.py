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

from chaos.history import Event
from chaos.ledger import Entry


class Rule(enum.Enum):
    """What must hold, whatever happened."""

    DUPLICATE = "a token made more than one set of resources"
    LOST_MAPPING = "a resource is there, but its token does not name it"
    DANGLING = "a token names a resource that is not there"
    PHANTOM = "an answer named a resource that never was"
    DISAGREEMENT = "two answers of a token name different resources"
    UNANSWERED = "no client of a token got a successful answer"
    REFUSED = "a client got an answer that a repetition must not get"
    ENDLESS = "a request or a client has not ended"


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
        (Rule.UNANSWERED, not answered, "none"),
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
    pending: dict[str, str] = {}
    found: list[Violation] = []
    for event in events:
        caller = event.get("caller", "")
        match event["event"]:
            case "token":
                named[caller] = []
            case "began" | "sent":
                pending[event["id"]] = caller
            case "broken" | "ended":
                pending.pop(event["id"], None)
            case "answered":
                pending.pop(event["id"], None)
                if event["made"] is not None:
                    named[caller].append(event["made"])
                elif event["status"] not in _REPEAT:
                    says = str(event["status"])
                    found.append(Violation(Rule.REFUSED, caller, says))
    for identity, caller in pending.items():
        found.append(Violation(Rule.ENDLESS, caller, identity))
    for caller, ids in named.items():
        found += of_token(caller, ids, entries.get(caller, Entry()))
    # What nobody asked for must not be there either.
    for caller in entries.keys() - named.keys():
        says = "made without a request"
        found.append(Violation(Rule.DUPLICATE, caller, says))
    return found
