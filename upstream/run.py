# SPDX-License-Identifier: Apache-2.0
"""One run of a suite of a service, and how its processes learn of it."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
import re
import typing as ty

from upstream import services
from upstream.service import Pass
from upstream.service import Service
from upstream.service import Suite

_SERVICE = "UPSTREAM_SERVICE"
_SUITE = "UPSTREAM_SUITE"
_PASS = "UPSTREAM_PASS"
_FOLDER = "UPSTREAM_FOLDER"
_ONLY = "UPSTREAM_ONLY"
_SELECTED = "selected.txt"
# Behind the id. Names of gabbi's tests have parentheses in them.
_SCENARIO = re.compile(r"\([^()]*\)$")


@dataclasses.dataclass(frozen=True)
class Run:
    """One run.

    :param service: whose tests they are
    :param suite: the part of them
    :param kind: what they are run on
    :param folder: what the run reads and leaves behind
    :param only: a regular expression that the ids of its tests match
    """

    service: Service
    suite: Suite
    kind: Pass
    folder: Path
    only: str = ""

    @classmethod
    def of_this_process(cls) -> Run:
        """Return the run that this process is a part of."""
        service = services.find(os.environ[_SERVICE])
        return cls(
            service,
            service.suite(os.environ[_SUITE]),
            Pass(os.environ[_PASS]),
            Path(os.environ[_FOLDER]),
            os.environ[_ONLY],
        )

    @property
    def variables(self) -> dict[str, str]:
        """What tells a process and its children that they are part of it."""
        return {
            _SERVICE: self.service.name,
            _SUITE: self.suite.name,
            _PASS: self.kind.value,
            _FOLDER: str(self.folder),
            _ONLY: self.only,
        }

    @property
    def samples(self) -> Path:
        """The folder of the samples that the tests write and compare."""
        return self.folder / "samples"

    @property
    def repeats(self) -> Path:
        """The folder of what became of the POSTs that were repeated."""
        return self.folder / "repeats"

    @property
    def loads(self) -> Path:
        """The folder of how often each process has turned us on."""
        return self.folder / "loads"

    @property
    def output(self) -> Path:
        """The file of all that stestr says."""
        return self.folder / "stestr.log"

    def select(self, tests: ty.Iterable[str]) -> None:
        """Note which tests are to be run; each process notes the same.

        :param tests: their ids
        """
        draft = self.folder / f"selected.{os.getpid()}"
        draft.write_text("\n".join(tests))
        draft.rename(self.folder / _SELECTED)

    def selected(self) -> list[str]:
        """Return the ids of the tests that are to be run."""
        noted = self.folder / _SELECTED
        return noted.read_text().split() if noted.exists() else []

    def takes(self, test: str) -> bool:
        """Tell whether a test is one that was asked for.

        :param test: its id
        """
        return re.search(self.only, test) is not None

    def __str__(self) -> str:
        return f"{self.service.name}, {self.suite.name}, {self.kind.value}"


def without_scenario(test: str) -> str:
    """Return the id of a test as it is before it is run.

    :param test: its id in a result, which names the scenario, too
    """
    return _SCENARIO.sub("", test)
