# SPDX-License-Identifier: Apache-2.0
"""What a row of the table says."""

from __future__ import annotations

import dataclasses
import fnmatch

# Where each folder of the checkout is once it is installed.
_INSTALLED = (
    ("migrations/", "openstack_idempotency/migrations/"),
    ("library/", ""),
    ("client/", ""),
    ("nova/", "nova/"),
)


class Untrue(Exception):
    """The table is not of this source; says where."""


@dataclasses.dataclass(frozen=True)
class Change:
    """A change of one of our modules.

    :param path: the module, in the checkout
    :param old: what is in it exactly once
    :param new: what is to be there instead
    """

    path: str
    old: str
    new: str

    @property
    def installed(self) -> str:
        """Where the module is once it is installed, by its package's root.

        :raises Untrue: it is not installed
        """
        for folder, place in _INSTALLED:
            if self.path.startswith(folder):
                return place + self.path.removeprefix(folder)
        raise Untrue(f"{self.path} is not installed.")

    def made(self, source: str) -> str:
        """Return the source with the change.

        :param source: the module's
        :raises Untrue: it does not have the old text, or more than once
        """
        found = source.count(self.old)
        if found != 1:
            raise Untrue(f"{self.path} has this {found} times: {self.old!r}")
        return source.replace(self.old, self.new)


@dataclasses.dataclass(frozen=True)
class Tests:
    """Tests of which at least one must fail.

    :param names: their names with module and class; an asterisk stands for
        any text, as the numbers of a test with several sets of data
    """

    names: tuple[str, ...]

    def has(self, test: str) -> bool:
        """Tell whether a test is one of them.

        :param test: its name
        """
        return any(fnmatch.fnmatchcase(test, name) for name in self.names)

    def __str__(self) -> str:
        first, *others = self.names
        more = f" and {len(others)} more" if others else ""
        return first.removeprefix("tests.") + more


@dataclasses.dataclass(frozen=True)
class Simulated:
    """Seeds of which the simulator must find a violation in one.

    :param seeds: the seeds, in the order in which they are played
    :param requests: how many requests of each are served at most
    :param mutation: what is switched off in the simulator's own services, if
        the fault is not in what it takes of our source
    """

    seeds: tuple[int, ...] = (1, 2, 3)
    requests: int = 20_000
    mutation: str | None = None

    def __str__(self) -> str:
        switched = f", {self.mutation}" if self.mutation else ""
        return f"the simulator{switched}"


Proof = Tests | Simulated


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, how to put it back, and the proof that finds it.

    :param number: the point of which it is one: "2", "14e"
    :param says: what was wrong, in some words
    :param changes: what puts it back
    :param proof: what must fail then
    """

    number: str
    says: str
    changes: tuple[Change, ...]
    proof: Proof

    def sources(self, read: dict[str, str]) -> dict[str, str]:
        """Return the changed modules, by where they are installed.

        :param read: the modules as they are, likewise
        :raises Untrue: a change does not fit them
        """
        changed: dict[str, str] = {}
        for change in self.changes:
            place = change.installed
            changed[place] = change.made(changed.get(place, read[place]))
        return changed


def fault(
    number: str, says: str, proof: Proof, *changes: tuple[str, str, str]
) -> Fault:
    """Return a row of the table.

    :param number: see :class:`Fault`
    :param says: likewise
    :param proof: likewise
    :param changes: path, old and new text of each
    """
    return Fault(number, says, tuple(Change(*each) for each in changes), proof)


def tests(module: str, *names: str) -> Tests:
    """Return tests of one module.

    :param module: the module, below the package tests
    :param names: their names with the class
    """
    return Tests(tuple(f"tests.{module}.{name}" for name in names))
