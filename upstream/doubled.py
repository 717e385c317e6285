# SPDX-License-Identifier: Apache-2.0
"""What became of one POST that was sent twice with one token."""

from __future__ import annotations

import collections
import dataclasses
import enum
import http
import json
from pathlib import Path
import typing as ty

_TOKEN = "x-client-token"
_REPLAYED = "idempotent-replayed"
_FIRST_ID = "x-client-token-request-id"
_STATE = "x-client-token-state"
# Each request has its own (protocol section 3), or tells of itself only.
_OWN = frozenset(
    (
        _REPLAYED,
        _FIRST_ID,
        _STATE,
        "x-openstack-request-id",
        "x-compute-request-id",
    )
)
# What the first answer says of itself, and its replay. What failed is given
# again as it was.
_STATES = (("executed", "replayed"), ("failed", "failed"))


class Protection(enum.Enum):
    """How the protocol has an operation (sections 5 and 7)."""

    LINKED = "linked"
    NOT_LINKED = "not linked"
    NONE = "left out"


class Outcome(enum.Enum):
    """What the second POST was to the service."""

    REPLAYED = "replayed"
    REFUSED = "refused, and run again"
    FAILED = "failed with 5xx, and run again"
    LEFT_OUT = "left out of the protocol, and run again"
    UNKNOWN = "refused with 401, as the caller was not known any more"
    RUN = "run again, which must not be"


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer of the API.

    :param status: its status
    :param headers: its headers, their names in lower case
    :param body: its body
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def get(self, name: str) -> str | None:
        """Return the value of a header, None if there is none.

        :param name: its name, in lower case
        """
        return dict(self.headers).get(name)

    @property
    def lasting(self) -> list[tuple[str, str]]:
        """The headers that a replay has, too."""
        return sorted(pair for pair in self.headers if pair[0] not in _OWN)


@dataclasses.dataclass(frozen=True)
class Doubled:
    """What became of one POST.

    :param test: the id of the test that sent it
    :param post: its method and path
    :param statuses: those of its two answers
    :param outcome: what the second one was to the service
    :param faults: what the protocol does not allow
    """

    test: str
    post: str
    statuses: tuple[int, int]
    outcome: Outcome
    faults: tuple[str, ...]

    @classmethod
    def of(
        cls,
        test: str,
        post: str,
        protection: Protection,
        first: Answer,
        again: Answer,
    ) -> Doubled:
        """Judge two answers by the protocol's section 3.

        :param test: the id of the test that sent the POST
        :param post: its method and path
        :param protection: how the table of operations has it
        :param first: its first answer
        :param again: its second answer
        """
        outcome = _outcome(protection, first, again)
        faults = tuple(_faults(outcome, first, again))
        return cls(test, post, (first.status, again.status), outcome, faults)

    def line(self) -> str:
        """Return it as a line of a file."""
        fields = dataclasses.asdict(self) | {"outcome": self.outcome.name}
        return json.dumps(fields) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Doubled:
        """Return what :meth:`line` wrote.

        :param line: the line
        """
        fields = json.loads(line)
        return cls(
            fields["test"],
            fields["post"],
            tuple(fields["statuses"]),
            Outcome[fields["outcome"]],
            tuple(fields["faults"]),
        )

    def __str__(self) -> str:
        statuses = ", then ".join(map(str, self.statuses))
        return (
            f"{self.test}: {self.post}: {statuses}: {'; '.join(self.faults)}"
        )


def _outcome(protection: Protection, first: Answer, again: Answer) -> Outcome:
    if again.get(_REPLAYED) == "true":
        return Outcome.REPLAYED
    if protection is Protection.NONE:
        return Outcome.LEFT_OUT
    if 400 <= first.status < 500:
        return Outcome.REFUSED
    if first.status >= 500 and protection is Protection.LINKED:
        return Outcome.FAILED
    if again.status == http.HTTPStatus.UNAUTHORIZED and not again.get(_STATE):
        # The first one has revoked what proved who they are.
        return Outcome.UNKNOWN
    return Outcome.RUN


def _faults(
    outcome: Outcome, first: Answer, again: Answer
) -> ty.Iterator[str]:
    if outcome is Outcome.RUN:
        yield outcome.value
    if outcome is Outcome.REFUSED and not 400 <= again.status < 500:
        yield "the same POST was refused before"
    if outcome is not Outcome.REPLAYED:
        return
    if first.status != again.status:
        yield "the replay has another status"
    if first.body != again.body:
        yield "the replay has another body"
    if first.lasting != again.lasting:
        yield "the replay has other headers: " + ", ".join(
            sorted({name for name, _ in {*first.lasting} ^ {*again.lasting}})
        )
    if first.get(_TOKEN) is None:
        yield "the first answer does not name the token"
    states = first.get(_STATE), again.get(_STATE)
    if states not in _STATES:
        yield f"the states are {' and '.join(map(str, states))}"
    if again.get(_FIRST_ID) is None:
        yield "the replay does not name the request that ran"


@dataclasses.dataclass(frozen=True)
class Figures:
    """What became of all POSTs of a pass.

    :param counts: how many there are of each outcome
    :param faulty: those that the protocol does not allow
    """

    counts: dict[Outcome, int]
    faulty: list[Doubled]

    @classmethod
    def of(cls, posts: ty.Iterable[Doubled]) -> Figures:
        """Count.

        :param posts: the POSTs
        """
        all_ = list(posts)
        counts = collections.Counter(one.outcome for one in all_)
        return cls(counts, [one for one in all_ if one.faults])

    @property
    def replayed(self) -> int:
        """How many were answered by a replay."""
        return self.counts.get(Outcome.REPLAYED, 0)

    def __str__(self) -> str:
        each = ", ".join(
            f"{self.counts[outcome]} {outcome.value}"
            for outcome in Outcome
            if self.counts.get(outcome)
        )
        total = sum(self.counts.values())
        return f"{total} POSTs were sent twice: {each or 'none'}"


def read(folder: Path) -> ty.Iterator[Doubled]:
    """Yield what the processes of a pass wrote.

    :param folder: where they did
    """
    for path in sorted(folder.glob("*.jsonl")):
        with open(path) as file:
            yield from map(Doubled.from_line, file)
