# SPDX-License-Identifier: Apache-2.0
"""Runs a case's command, and the same command line again until it is done."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import subprocess
import tempfile
import threading
import typing as ty

from embedded import cloud
from embedded.command import Answer
from embedded.services.service import script
from lossy.cases import By
from lossy.cases import Case
from lossy.cases import Kind
from lossy.cases import Run
from lossy.cases import Story
from lossy.director import Director
from testing.gateway import Gateway

# How long a client waits for an answer, and how often its user tries.
TIMEOUT = 8
TRIES = 12
# A command that takes so long hangs.
SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Desk:
    """A user's place: their environment, and a folder for their files.

    :param variables: the environment, logged in
    :param folder: where keys and what the client remembers are
    :param forgetful: whether what the client remembers is lost each time
    """

    variables: ty.Mapping[str, str]
    folder: Path
    forgetful: bool = False

    @property
    def state(self) -> Path:
        """Where programs keep their state."""
        if self.forgetful:
            return Path(tempfile.mkdtemp(dir=self.folder))
        return self.folder / "state"

    @property
    def remembered(self) -> int:
        """How many commands are remembered."""
        folder = self.folder / "state" / "openstack-idempotency-client"
        return len([*folder.glob("entries/*.json")])

    def key(self, case: Case) -> Path:
        """Return the file for the private key of a case."""
        return self.folder / f"{case.name}.key"


class Commands:
    """Runs commands through a gateway.

    :param desk: whose commands
    :param gateway: what they go through
    :param director: decides when they are killed
    """

    def __init__(
        self, desk: Desk, gateway: Gateway, director: Director
    ) -> None:
        self._desk = desk
        self._gateway = gateway
        self._director = director

    def until_done(self, case: Case) -> Story:
        """Run a case's command until the user has the answer.

        :param case: the case
        """
        story = Story(case)
        while story.answer is None and len(story.runs) < TRIES:
            story.runs.append(self.run(case, words(case, self._desk)))
            story.answer = self._answer(case, story.runs[-1])
        return story

    def run(self, case: Case, line: ty.Sequence[str]) -> Run:
        """Run a command to its end, or until it is killed.

        :param case: whose it is
        :param line: the command
        """
        luck = self._director.lucks.get(case.name)
        process = self.start(case, line)
        with self._director.watching(case.name, process):
            return finished(process, luck.death() if luck else None)

    def start(
        self, case: Case, line: ty.Sequence[str]
    ) -> subprocess.Popen[str]:
        """Start a command.

        :param case: whose it is
        :param line: the command
        """
        program, *others = line
        return subprocess.Popen(
            script(program, *others),
            env={
                **self._desk.variables,
                **self._gateway.variables(case.name),
                "XDG_STATE_HOME": str(self._desk.state),
                "OS_API_TIMEOUT": str(TIMEOUT),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _answer(self, case: Case, run: Run) -> str | None:
        """Return what the user has from a command, if it printed all."""
        if run.status > 0:
            return None
        whole = run.output.rstrip().endswith(("+", "PRIVATE KEY-----"))
        if not whole:
            return None
        if case.kind is Kind.SERVER:
            return Answer(run.status, run.output, "").property("id")
        if case.by is By.OPENSTACK:
            return self._desk.key(case).read_text()
        return run.output


def finished(process: subprocess.Popen[str], seconds: float | None) -> Run:
    """Return how a command ended.

    :param process: the command
    :param seconds: after which it is killed, if it is not done by then
    """
    killer = threading.Timer(seconds or SECONDS, process.kill)
    killer.start()
    try:
        output, errors = process.communicate()
    finally:
        killer.cancel()
    return Run(process.returncode, output, errors)


def words(case: Case, desk: Desk) -> list[str]:
    """Return a case's command line.

    :param case: the case
    :param desk: its user's
    """
    boot = ["--flavor", cloud.SMALL, "--image", cloud.IMAGE, "--nic", "none"]
    if case.by is By.NOVA:
        line = ["nova", "--timeout", str(TIMEOUT), "--x-client-token"]
        if case.kind is Kind.SERVER:
            return [*line, "boot", *boot, case.name]
        return [*line, "keypair-add", case.name]
    line = ["openstack", "--os-client-token"]
    if case.kind is Kind.SERVER:
        return [*line, "server", "create", *boot, case.name]
    file = str(desk.key(case))
    return [*line, "keypair", "create", "--private-key", file, case.name]


@contextlib.contextmanager
def desk(
    variables: ty.Mapping[str, str], *, forgetful: bool = False
) -> ty.Iterator[Desk]:
    """Give a user a place of their own.

    :param variables: the environment, logged in
    :param forgetful: whether what the client remembers is lost each time
    """
    with tempfile.TemporaryDirectory(prefix="lossy-") as folder:
        yield Desk(
            {
                **variables,
                "HOME": folder,
                # A keyring of whoever runs this is none of theirs.
                "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            },
            Path(folder),
            forgetful,
        )
