# SPDX-License-Identifier: Apache-2.0
"""Runs the program in Go that uses gophercloud."""

from __future__ import annotations

import json
from pathlib import Path
import subprocess
import typing as ty

from lossy.cases import Case
from lossy.cases import Kind
from lossy.cases import Run
from lossy.cases import Story
from lossy.commands import Desk
from lossy.commands import TIMEOUT
from lossy.commands import TRIES
from testing import golang
from testing.gateway import Gateway

_PARALLEL = 8
_WHO = "go"


class Gopher:
    """Runs it through a gateway.

    :param desk: whose program
    :param gateway: what it goes through
    """

    def __init__(self, desk: Desk, gateway: Gateway) -> None:
        self._desk = desk
        self._gateway = gateway

    def until_done(self, cases: ty.Sequence[Case]) -> list[Story]:
        """Run it for servers and for keypairs, and return what it saw.

        It goes on with a token by itself, and remembers none on disk.

        :param cases: the cases
        """
        program = golang.burst(self._desk.folder)
        stories = []
        for kind in Kind:
            mine = [Story(case) for case in cases if case.kind is kind]
            if mine:
                self._play(program, mine, kind)
            stories += mine
        return stories

    def _play(self, program: Path, mine: list[Story], kind: Kind) -> None:
        proxy = self._gateway.variables(_WHO)["http_proxy"]
        prefix = mine[0].case.name.rpartition("-")[0]
        done = subprocess.run(
            [program, "--kind", kind.value, "--count", str(len(mine)),
             "--name", prefix, "--parallel", str(_PARALLEL), "--proxy", proxy,
             "--rounds", str(TRIES), "--attempt-time", f"{TIMEOUT}s"],
            env=dict(self._desk.variables),
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        run = Run(done.returncode, done.stdout, done.stderr)
        by_name = {story.case.name: story for story in mine}
        for story in mine:
            story.runs.append(run)
        for line in done.stdout.splitlines():
            said = json.loads(line)
            story = by_name[said["name"]]
            if "error" in said:
                story.errors.append(said["error"])
            elif said["secret"]:
                story.answer = said["id"]
