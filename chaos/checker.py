# SPDX-License-Identifier: Apache-2.0
"""Judges a history against what the database holds in the end.

Pure: it knows neither the hosts nor the clients, only what they wrote down.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from chaos import outages
from chaos import states
from chaos.delivery import Delivery
from chaos.entry import Entry
from chaos.history import Event
from chaos.outages import Outages
from chaos.rules import Rule
from chaos.rules import Violation

#: Seconds: wait_timeout, the longest freeze of a worker and of the one that
#: it waits for, and a busy machine; but less than a database's own waits.
PATIENCE = 35.0
#: Seconds in which whoever has nothing to do with a worker in trouble has an
#: answer: less than a long freeze, more than a busy machine needs.
BOUND = 8.0


def of_token(
    caller: str, named: ty.Collection[str], entry: Entry, count: int = 1
) -> list[Violation]:
    """Judge what came of one token.

    :param caller: whose it is
    :param named: the ids in all of its successful answers
    :param entry: what the databases hold of it
    :param count: how many resources it was to make
    """
    made, answered = set(entry.made), set(named)
    gone = set(entry.gone)
    never = answered - made - gone
    findings = (
        (Rule.DUPLICATE, len(entry.made) > count, entry.made),
        *_bindings(entry),
        (Rule.GONE, answered & gone, answered & gone),
        (Rule.PHANTOM, never, never),
        # A phantom was called one already.
        (Rule.SHORT, 0 < len(made) < count and answered <= made, made),
        (Rule.DISAGREEMENT, len(answered) > 1, answered),
        (Rule.UNANSWERED, not answered, "none of them"),
    )
    return _broken(caller, findings)


def _bindings(entry: Entry) -> tuple[tuple[Rule, object, object], ...]:
    made, bound = set(entry.made), set(entry.bound)
    return (
        (Rule.LOST_MAPPING, made - bound, made - bound),
        (Rule.DANGLING, bound - made, bound - made),
    )


def _broken(
    caller: str, findings: ty.Iterable[tuple[Rule, object, object]]
) -> list[Violation]:
    return [
        Violation(rule, caller, str(details))
        for rule, broken, details in findings
        if broken
    ]


@dataclasses.dataclass
class _Use:
    """One token in a history, and the answers that its clients ended with."""

    token: Event
    answers: list[Event]

    @property
    def named(self) -> list[str]:
        return [event["made"] for event in self.answers if event["made"]]

    def judge(
        self, entry: Entry, delivery: Delivery
    ) -> ty.Iterator[Violation]:
        caller = self.token["caller"]
        refusal = self.token.get("refusal")
        for event in self.answers:
            wrong = event["status"] >= 400 and event["status"] != refusal
            if wrong and not event["made"]:
                says = f"{event['status']} {event.get('state', '')}"
                yield Violation(Rule.REFUSED, caller, says)
        if refusal is not None:
            yield from self._of_refusal(caller, entry)
            return
        yield from of_token(caller, self.named, entry, self.token["count"])
        if self.named and self.token["kind"] == "server":
            yield from delivery.of_success(caller, entry)

    def _of_refusal(self, caller: str, entry: Entry) -> list[Violation]:
        # A refusal may say itself that it left something.
        said = any(event.get("state") == "failed" for event in self.answers)
        # A try that its client has given up may run, and die, after all
        # others were refused. The token names what that one made, so that a
        # retry would take it back; what no token names stays for ever.
        left = set(entry.made) - set(entry.bound)
        return _broken(
            caller,
            (
                *_bindings(entry),
                (Rule.ACCEPTED, self.named, self.named),
                (Rule.LEFT, left and not said, left),
                (Rule.UNANSWERED, not self.answers, "none of them"),
            ),
        )


def judge(
    events: ty.Iterable[Event],
    entries: ty.Mapping[str, Entry],
    patience: float = PATIENCE,
) -> list[Violation]:
    """Judge a whole campaign.

    :param events: its history
    :param entries: what the databases hold in the end, by caller
    :param patience: seconds that a worker may spend on a request
    """
    history = list(events)
    delivery = Delivery.of(history)
    uses: dict[str, _Use] = {}
    known: set[str] = set()
    found: list[Violation] = []
    for event in history:
        match event["event"]:
            case "token":
                uses[event["caller"]] = _Use(event, [])
            case "answered" if _final(event):
                uses[event["caller"]].answers.append(event)
            case "bystander":
                known.add(event["caller"])
            case "gave-up":
                says = "one of its clients"
                caller = event["caller"]
                found.append(Violation(Rule.UNANSWERED, caller, says))
    for caller, use in uses.items():
        found += use.judge(entries.get(caller, Entry()), delivery)
    # What nobody asked for must not be there either.
    for caller, entry in entries.items():
        if caller not in uses and len(entry.made) > (caller in known):
            says = f"{entry.made}, without a request"
            found.append(Violation(Rule.DUPLICATE, caller, says))
    found += delivery.of_site(entries)
    found += _of_states(history)
    return [*found, *_unfair(history), *_late(history, patience)]


def of_copies(
    copies: ty.Sequence[ty.Mapping[str, Entry]],
) -> ty.Iterator[Violation]:
    """Judge what the nodes of a cluster hold in the end.

    :param copies: what each of them holds, by caller
    """
    first, *others = copies
    for other in others:
        for caller in sorted({*first, *other}):
            here = first.get(caller, Entry())
            there = other.get(caller, Entry())
            if here.in_order() != there.in_order():
                says = f"{here} and {there}"
                yield Violation(Rule.DIVERGED, caller, says)


def named(events: ty.Iterable[Event]) -> set[str]:
    """Return the ids of all servers that answers have named.

    :param events: a history
    """
    servers: set[str] = set()
    callers: set[str] = set()
    for event in events:
        match event["event"]:
            case "token" if event["kind"] == "server":
                callers.add(event["caller"])
            case "answered" if event["made"] and event["caller"] in callers:
                servers.add(event["made"])
    return servers


def unfinished(events: ty.Iterable[Event]) -> dict[str, Event]:
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


def _final(event: Event) -> bool:
    status, state = event["status"], event.get("state")
    return states.final(status, state, later=event["later"])


def _of_states(history: list[Event]) -> ty.Iterable[Violation]:
    answers = [event for event in history if event["event"] == "answered"]
    # A product that has no states yet breaks the other rules only.
    if not any(event.get("state") for event in answers):
        return
    for event in answers:
        status, state = event["status"], event["state"]
        if event.get("before"):
            continue
        if state is None:
            says = f"{status} without a state"
        else:
            fault = states.fault(
                status,
                state,
                replayed=event["replayed"],
                later=event["later"],
            )
            if fault is None:
                continue
            says = f"{state} {fault}"
        yield Violation(Rule.STATE, event["caller"], says)


def _unfair(history: list[Event]) -> ty.Iterable[Violation]:
    outages_ = Outages.of(history)
    for event in history:
        if event["event"] == "bystander" and not _fair(event, outages_):
            answer = event["status"] or "no answer"
            took = f"{answer} after {event['seconds']:.1f} s"
            says = f"{event['asks']}: {took}"
            yield Violation(Rule.BYSTANDER, event["caller"], says)


def _fair(event: Event, outages_: Outages) -> bool:
    status, began, took = event["status"], event["began"], event["seconds"]
    # Nobody has used a bystander's token before.
    first = event["state"] in (None, "executed")
    if status is not None and status < 400 and first and took <= BOUND:
        return True
    ended = began + took
    if outages_.met(began, ended, outages.DATABASE):
        return True
    # Seen while a node died: commits on the others that failed with a
    # deadlock, Nova's own among them. With a token that is said, and one may
    # send it again; without one it is Nova's error. Nobody may wait for long.
    undone = event["state"] == "unavailable" or (
        event["state"] is None and status == 500
    )
    if undone and took <= BOUND and any(
        outages_.met(began, ended, of) for of in outages.ON_NODES
    ):
        return True
    # Only what casts notices a broker that is away, and not as a conflict.
    failed = status is None or status >= 500 or status < 400
    casts = event["casts"] and failed
    return bool(casts and outages_.met(began, ended, outages.BROKER))


def _late(
    history: list[Event], patience: float
) -> ty.Iterable[Violation]:
    for key, event in unfinished(history).items():
        caller = event.get("caller", "a worker")
        yield Violation(Rule.ENDLESS, caller, f"{event['event']} {key}")
    for event in history:
        if event["event"] == "left" and event["seconds"] > patience:
            says = f"{event['seconds']:.1f} s in process {event['pid']}"
            yield Violation(Rule.SLOW, "a worker", says)
