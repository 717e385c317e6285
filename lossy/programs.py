# SPDX-License-Identifier: Apache-2.0
"""Runs programs that have many cases, and again with those that are left."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as ty

from lossy import program
from lossy.cases import Case
from lossy.cases import Run
from lossy.cases import Story
from lossy.commands import Desk
from lossy.commands import TIMEOUT
from lossy.commands import TRIES
from lossy.director import Director
from testing.cloud import Cloud
from testing.gateway import Gateway

THREADS = 8


class Programs:
    """Runs the program of openstacksdk through a gateway.

    :param desk: whose program
    :param gateway: what it goes through
    :param director: decides when it is killed
    :param cloud_: where flavors and images are
    """

    def __init__(
        self, desk: Desk, gateway: Gateway, director: Director, cloud_: Cloud
    ) -> None:
        self._desk = desk
        self._gateway = gateway
        self._director = director
        self._cloud = cloud_

    def until_done(
        self,
        cases: ty.Sequence[Case],
        tries: int = TRIES,
        threads: int = THREADS,
        *,
        own_loop: bool = False,
    ) -> list[Story]:
        """Run it until each case is done, and return what it saw.

        :param cases: the cases
        :param tries: how often it makes a call that fails
        :param threads: how many calls it makes at a time
        :param own_loop: whether keystoneauth's loop sends them, and not ours
        """
        words = [str(threads), str(tries)]
        if own_loop:
            words.append(program.OWN_LOOP)
        stories = {case.name: Story(case) for case in cases}
        # Each death is luck of one case, of which it has only so much.
        while left := [one for one in stories.values() if one.answer is None]:
            run = self._run(left, words)
            for line in run.output.splitlines():
                said = json.loads(line)
                story = stories[said["name"]]
                story.answer = said.get("answer", story.answer)
                if "error" in said:
                    story.errors.append(said["error"])
            for story in left:
                story.runs.append(run)
            if not run.killed:
                break
        return [*stories.values()]

    def _run(self, left: list[Story], words: list[str]) -> Run:
        lines = [json.dumps(self._asked(story.case)) for story in left]
        process = subprocess.Popen(
            [sys.executable, "-m", "lossy.program", *words],
            env={
                **self._desk.variables,
                **self._gateway.variables("sdk"),
                "OS_API_TIMEOUT": str(TIMEOUT),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with self._director.watching("sdk", process):
            output, errors = process.communicate("\n".join(lines))
        return Run(process.returncode, output, errors)

    def _asked(self, case: Case) -> dict[str, str]:
        asked = self._cloud.server(case.name)["server"]
        return {
            "name": case.name,
            "kind": case.kind.value,
            "flavor": asked["flavorRef"],
            "image": asked["imageRef"],
        }
