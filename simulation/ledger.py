# SPDX-License-Identifier: Apache-2.0
"""What is known of one token, as its history is read event by event."""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

from simulation import tuning
from simulation.history import Event
from simulation.history import What

_TTL = tuning.TTL * 1000
_AHEAD = 300_000  # milliseconds, as in the protocol's section 6


@dataclasses.dataclass
class Ledger:
    """What is known of one token.

    All but the first five are names of requests, or of resources.

    :param kind: the operation
    :param count: how many resources it makes
    :param born: when the token says that it was made; None if it does not
    :param life: how often the token has expired before
    :param clients: how many of its clients have not ended
    :param asked: what each request asks, and whether it has all roles
    :param unfinished: the requests that are under way
    :param runs: the runs, each with the life in which it began
    :param ran: the runs that have ended, each with its status
    :param linked: the runs that are linked
    :param bound: the requests that have ever held the token
    :param settled: those that have ended their hold by themselves
    :param completed: those whose outcome is stored
    :param taken: those whose token another one took, sooner or later
    :param lost: those of them that had not let it go by themselves
    :param refused: those that were told that they were refused
    :param ended: the lives in which somebody was told that it never runs again
    :param forgotten: those whose outcome was unknown for a good reason
    :param traces: what the service recorded of runs that are not linked
    :param made: what was made, and by which run
    :param ends: in each life, the ends of the token that answers told
    """

    kind: str = ""
    count: int = 0
    born: int | None = None
    life: int = 0
    clients: int = 0
    asked: dict[str, tuple[int, bool]] = dataclasses.field(
        default_factory=dict
    )
    unfinished: set[str] = dataclasses.field(default_factory=set)
    runs: dict[str, int] = dataclasses.field(default_factory=dict)
    ran: dict[str, int] = dataclasses.field(default_factory=dict)
    linked: set[str] = dataclasses.field(default_factory=set)
    bound: set[str] = dataclasses.field(default_factory=set)
    settled: set[str] = dataclasses.field(default_factory=set)
    completed: set[str] = dataclasses.field(default_factory=set)
    taken: set[str] = dataclasses.field(default_factory=set)
    lost: set[str] = dataclasses.field(default_factory=set)
    refused: set[str] = dataclasses.field(default_factory=set)
    ended: set[int] = dataclasses.field(default_factory=set)
    forgotten: set[str] = dataclasses.field(default_factory=set)
    traces: set[str] = dataclasses.field(default_factory=set)
    made: dict[str, str] = dataclasses.field(default_factory=dict)
    cleaned: set[str] = dataclasses.field(default_factory=set)
    withdrawn: set[str] = dataclasses.field(default_factory=set)
    handed: set[str] = dataclasses.field(default_factory=set)
    built: set[str] = dataclasses.field(default_factory=set)
    orphans: set[str] = dataclasses.field(default_factory=set)
    deleted: set[str] = dataclasses.field(default_factory=set)
    successes: dict[int, set[tuple[str, ...]]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(set)
    )
    ends: dict[int, set[int]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(set)
    )

    def there(self) -> set[str]:
        """Return what was made, and is removed by nobody but a user."""
        return self.made.keys() - self.cleaned - self.withdrawn

    def lives(self) -> bool:
        """Tell whether a server is there, by whose life its token lasts."""
        return self.kind == "servers" and bool(self.there() - self.deleted)

    def left(self) -> dict[int, set[str]]:
        """Return the runs that left something, by the token's lives."""
        left = collections.defaultdict(set)
        for name in self.there():
            run = self.made[name]
            left[self.runs.get(run, -1)].add(run)
        return left

    def enter(self, event: Event) -> None:
        """Take an event into account.

        :param event: the next one
        """
        request, says = event.request, event.says
        match event.what:
            case What.TOKEN:
                self.kind, self.count, dated, now = says
                self.born = now if dated else None
            case What.BEGAN:
                self.clients += 1
            case What.ENDED:
                self.clients -= 1
            case What.SENT:
                self.asked[request] = says[:2]
                self.unfinished.add(request)
            case What.LEFT:
                self.unfinished.discard(request)
            case What.RUNS:
                self.runs[request] = self.life
                if says[0]:
                    self.linked.add(request)
            case What.RAN:
                self.ran[request] = says[0]
            case What.NOTED:
                self.traces.add(says[0])
            case What.ANSWERED | What.TOLD_END:
                self._told(event)
            case What.CLAIMED | What.TOOK | What.SETTLED | What.PURGED:
                self._of_row(event)
            case _:
                self._of_service(event)

    def _told(self, event: Event) -> None:
        if event.what is What.ANSWERED:
            self._answered(event)
        elif self.kind != "servers":  # as long as they live, it is put off
            subject, end = event.says
            life = self.runs.get(subject or event.request, self.life)
            self.ends[life].add(end)

    def _answered(self, event: Event) -> None:
        verdict, status, names, subject, why, _ = event.says
        if status < 400:
            # Purged meanwhile, it is still an answer of its own life.
            life = self.runs.get(subject or event.request, self.life)
            self.successes[life].add(names)
            self.ended.add(life)
        elif verdict == "answer-lost":
            self.ended.add(self.life)
        elif verdict == "unknown" and why:
            self.forgotten.add(subject)
        elif verdict == "executed":
            self.refused.add(event.request)

    def _of_row(self, event: Event) -> None:
        request, says = event.request, event.says
        match event.what:
            case What.SETTLED:
                self.settled.add(request)
                if says[0] == "complete":
                    self.completed.add(request)
            case What.PURGED:
                self.life += bool(says[0])
            case What.TOOK:
                whose, how, _ = says
                self.life += how == "aged"
                self.taken.add(whose)
                if whose not in self.settled:
                    self.lost.add(whose)
                self._holds(request)
            case What.CLAIMED:
                self._holds(request)

    def _holds(self, request: str) -> None:
        self.bound.add(request)
        self.settled.discard(request)

    def _of_service(self, event: Event) -> None:
        match event.what:
            case What.MADE:
                self.made[event.says[0]] = event.request
            case What.CLEANED:
                self.cleaned.add(event.says[0])
            case What.WITHDRAWN:
                self.withdrawn.add(event.says[0])
            case What.HANDED:
                self.handed.add(event.says[0])
            case What.BUILT:
                self.built.add(event.says[0])
            case What.ORPHAN:
                self.orphans.add(event.says[0])
            case What.DELETED:
                self.deleted.add(event.says[0])

    def tells_truth(self, answer: Event) -> bool:
        """Tell whether what an answer's state says is true.

        :param answer: the event of it
        """
        verdict, status = answer.says[:2]
        subject = answer.says[3]
        check: ty.Callable[[], bool] | None = {
            "executed": lambda: self.ran.get(answer.request) == status,
            "interrupted": lambda: self._failed(answer.request),
            "replayed": lambda: self._may_be_told(answer.request, subject),
            "rebuilt": lambda: self._may_be_told(answer.request, subject),
            "running": lambda: bool(self.bound),
            "taken-over": lambda: answer.request in self.taken,
            "unavailable": lambda: self._may_be_unavailable(answer.request),
            "different": lambda: len({a for a, _ in self.asked.values()}) > 1,
            "expired": lambda: self._age(answer) >= _TTL - _AHEAD,
            "forbidden": lambda: not self.asked[answer.request][1],
            "failed": self._has_failed,
            "unknown": lambda: self.kind in ("action", "upgraded"),
            "answer-lost": lambda: bool(self.deleted),
            "invalid": lambda: self.born is not None,
        }.get(verdict)
        nothing_ran = answer.request not in self.runs
        if verdict in _RAN:
            nothing_ran = True
        return check is not None and check() and nothing_ran

    def _failed(self, request: str) -> bool:
        return self.ran.get(request, 0) >= 500

    def _may_be_told(self, request: str, subject: str) -> bool:
        # Without the first one's roles nobody gets its answer.
        return subject in self.runs and (
            self.asked[request][1] or not self.asked[subject][1]
        )

    def _has_failed(self) -> bool:
        failed = any(status >= 400 for status in self.ran.values())
        return failed or "FAILED" in self.traces

    def _may_be_unavailable(self, request: str) -> bool:
        # A response that is not linked is given, settled or not.
        return self.kind != "action" or request not in self.ran

    def _age(self, answer: Event) -> int:
        if self.born is None:
            return -1
        # The token is somewhat older than its first event, never younger.
        now = tuning.EPOCH + answer.at // 1000
        return now - self.born + 1


_RAN = frozenset(
    {"executed", "interrupted", "taken-over", "unavailable", "failed"}
)
