# SPDX-License-Identifier: Apache-2.0
"""What the clients are asked for: one resource each, by a name of its own."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import typing as ty


class By(enum.Enum):
    """The client that asks."""

    NOVA = "nova"
    OPENSTACK = "openstack"
    SDK = "sdk"
    GO = "go"

    @property
    def is_program(self) -> bool:
        """Tell whether one process of it has many cases."""
        return self in (By.SDK, By.GO)


class Kind(enum.Enum):
    """What it asks for."""

    SERVER = "server"
    KEYPAIR = "keypair"


@dataclasses.dataclass(frozen=True)
class Case:
    """One resource that one client asks for.

    :param name: what it is to be called
    :param by: the client
    :param kind: what it is
    """

    name: str
    by: By
    kind: Kind


@dataclasses.dataclass(frozen=True)
class Run:
    """How a command ended, the first time or again.

    :param status: its exit status; negative if it was killed
    :param output: what it printed
    :param errors: what it printed on stderr
    """

    status: int
    output: str
    errors: str

    @property
    def killed(self) -> bool:
        """Tell whether it was killed."""
        return self.status < 0


@dataclasses.dataclass
class Story:
    """What a client saw of its case.

    :param case: the case
    :param runs: how its command ended, one after the other
    :param answer: what the user has in the end: the server's id, or the
        private key; none without an answer
    :param errors: what a program's calls failed with
    """

    case: Case
    runs: list[Run] = dataclasses.field(default_factory=list)
    answer: str | None = None
    errors: list[str] = dataclasses.field(default_factory=list)


def make(numbers: ty.Mapping[By, int], prefix: str = "") -> list[Case]:
    """Return cases, of servers and keypairs in turn.

    :param numbers: how many for each client
    :param prefix: of their names
    """
    return [
        Case(f"{prefix}{by.value}-{kind.value}-{number // 2}", by, kind)
        for by, count in numbers.items()
        for number, kind in zip(range(count), itertools.cycle(Kind))
    ]
