# SPDX-License-Identifier: Apache-2.0
"""Judges the history of an episode: protocol sections 3 and 5.

Pure: it knows nothing but what happened.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import typing as ty

from simulation import tuning
from simulation.history import Event
from simulation.history import What
from simulation.ledger import Ledger


class Rule(enum.StrEnum):
    """What must hold, whatever happens."""

    TWO_SETS = "two runs of one token left what they made"
    NEVER_MADE = "a success names what was never made"
    REMOVED = "a success names what a worker removed"
    NOT_HANDED_ON = "a success names a server that nobody was asked to build"
    NOT_BUILT = "a server that a success names was never built"
    DIFFER = "two successes of a token name different resources"
    OTHER_END = "two successes of a token tell different ends of it"
    TOO_FEW = "a success names fewer, or more, than were asked for"
    FORGOTTEN = "the token of a living server has ended"
    LATE_RUN = "a token that tells its age ran again after its life"
    LATE_SUCCESS = "a success whose own outcome was not stored"
    LOSER = "the answer of a request that had lost its token"
    UNTRUE = "what an answer's state says is not true"
    NEVER_BEGAN = "unknown, though a process knew that it never began"
    KEEPS = "a request is over, and still holds its token"
    NOT_RENEWED = "a running request lost its token for no reason"
    CRASHED = "an answer that is not the protocol's"
    ORPHAN = "a server that nobody was asked to build, nor withdrew"
    LEFTOVER = "a withdrawn server has a record in a cell"
    STARVED = "more requests of a process wait than may"
    SLOW = "a request was kept for longer than it may wait"
    ENDLESS = "a request or a client has not ended"


#: Seconds: wait_timeout, and waiting for a lock or two.
_PATIENCE = tuning.WAIT + 3 * tuning.LOCK_OURS


@dataclasses.dataclass(frozen=True)
class Violation:
    """A rule that did not hold.

    :param rule: the rule
    :param token: the number of the token, -1 for none
    :param says: the details
    """

    rule: Rule
    token: int
    says: str

    def __str__(self) -> str:
        return f"{self.rule.value}: token {self.token}: {self.says}"


def judge(events: ty.Iterable[Event]) -> list[Violation]:
    """Judge a history.

    :param events: all of it
    """
    tokens: dict[int, list[Event]] = collections.defaultdict(list)
    for event in events:
        tokens[event.token].append(event)
    found = []
    for number, its in tokens.items():
        for rule, says in of_token(its):
            found.append(Violation(rule, number, says))
    return found


def of_token(events: ty.Iterable[Event]) -> list[tuple[Rule, str]]:
    """Judge what happened to one token.

    :param events: all that is about it
    """
    ledger = Ledger()
    found: list[tuple[Rule, str]] = []
    for event in events:
        found += ((rule, str(event)) for rule in _at_once(ledger, event))
        ledger.enter(event)
    return [*found, *_in_the_end(ledger)]


def _at_once(ledger: Ledger, event: Event) -> ty.Iterable[Rule]:
    """Yield the rules that an event breaks when it happens."""
    match event.what:
        case What.ANSWERED:
            yield from _of_answer(ledger, event)
        case What.TOOK:
            whose, how, lapse = event.says
            if not lapse and whose not in ledger.settled:
                yield Rule.NOT_RENEWED
            if how == "aged" and ledger.lives():
                yield Rule.FORGOTTEN
        case What.PURGED if event.says[0] and ledger.lives():
            yield Rule.FORGOTTEN
        case What.LEFT if event.says[0] == "holds":
            yield Rule.KEEPS
        case What.CRASHED:
            yield Rule.CRASHED
        case What.LEFTOVER:
            yield Rule.LEFTOVER
        case What.STARVED:
            yield Rule.STARVED


def _of_answer(ledger: Ledger, event: Event) -> ty.Iterable[Rule]:
    verdict, status, names, subject, why, seconds = event.says
    request = event.request
    if seconds > _PATIENCE:
        yield Rule.SLOW
    if not ledger.tells_truth(event):
        yield Rule.UNTRUE
    known = not why and subject not in ledger.forgotten
    if verdict == "unknown" and known:
        yield Rule.NEVER_BEGAN
    linked = request in ledger.linked
    if verdict in ("executed", "interrupted") and linked:
        if request in ledger.lost:
            yield Rule.LOSER
        if status < 400 and request not in ledger.completed:
            yield Rule.LATE_SUCCESS
    if status < 400 and len(names) != ledger.count:
        yield Rule.TOO_FEW


def _in_the_end(ledger: Ledger) -> ty.Iterable[tuple[Rule, str]]:
    """Yield what is wrong when all is over."""
    for life, left in ledger.left().items():
        if len(left) > 1:
            yield Rule.TWO_SETS, f"life {life}: {sorted(left)}"
    yield from _of_successes(ledger)
    if ledger.born is not None and any(ledger.runs.values()):
        yield Rule.LATE_RUN, str(ledger.runs)
    for request in sorted(ledger.refused):
        left_by = sorted(
            n for n in ledger.there() if ledger.made[n] == request
        )
        if left_by:
            yield Rule.UNTRUE, f"{request} was refused, and left {left_by}"
    for name in sorted(ledger.orphans):
        if ledger.runs[ledger.made[name]] in ledger.ended:
            yield Rule.ORPHAN, name
    for name in sorted(ledger.unfinished):
        yield Rule.ENDLESS, name
    if ledger.clients:
        yield Rule.ENDLESS, f"{ledger.clients} clients"


def _of_successes(ledger: Ledger) -> ty.Iterable[tuple[Rule, str]]:
    for life, answers in ledger.successes.items():
        if len(answers) > 1:
            yield Rule.DIFFER, f"life {life}: {sorted(answers)}"
        for name in sorted({name for names in answers for name in names}):
            yield from _of_named(ledger, name)
    for life, ends in ledger.ends.items():
        if len(ends) > 1:
            yield Rule.OTHER_END, f"life {life}: {sorted(ends)}"


def _of_named(ledger: Ledger, name: str) -> ty.Iterable[tuple[Rule, str]]:
    # What the service recorded as begun may never have been done.
    if name not in ledger.made and not ledger.traces:
        yield Rule.NEVER_MADE, name
    if name in ledger.cleaned or name in ledger.withdrawn:
        yield Rule.REMOVED, name
    elif ledger.kind == "servers" and name not in ledger.deleted:
        if name not in ledger.handed:
            yield Rule.NOT_HANDED_ON, name
        elif name not in ledger.built:
            yield Rule.NOT_BUILT, name
