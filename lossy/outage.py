# SPDX-License-Identifier: Apache-2.0
"""The API out of reach for all: a crowd of commands, and one of threads."""

from __future__ import annotations

from concurrent import futures
import dataclasses
import random
import time

from lossy import campaign
from lossy import cases
from lossy import commands
from lossy import judge
from lossy import luck
from lossy import stage
from lossy.campaign import Result
from lossy.cases import By
from lossy.cases import Case
from lossy.cases import Kind
from lossy.judge import Rule
from lossy.judge import Violation
from lossy.stage import Stage
from testing.cloud import Cloud
from testing.trouble import Exchange
from testing.trouble import PASS
from testing.trouble import Trouble
from testing.trouble import Where

#: POSTs that a program may send for each call, while none succeeds.
MOST = 1.1
_THREADS = 200
# Commands that are under way at a time.
_AT_A_TIME = 6
# So many of them find not even the API's versions.
_ALL_GONE = 0.05


@dataclasses.dataclass(frozen=True)
class Down:
    """Nothing arrives; all that does not need the database is answered.

    :param seed: decides how a request fails, and who gets no answer at all
    :param reads: whether questions are answered all the same
    """

    seed: int
    reads: bool = False

    def __call__(self, exchange: Exchange) -> Trouble | None:
        """Return what happens to a request.

        :param exchange: the request
        """
        if self.reads and exchange.method == "GET":
            return None
        chance = random.Random(f"{self.seed} {exchange.who}")
        versions = exchange.path.rstrip("/") in ("", "/v2.1")
        if versions and chance.random() > _ALL_GONE:
            return None
        mine = random.Random(f"{self.seed} {exchange.token} {exchange.name}")
        return mine.choice([
            one for one in luck.troubles(mine.choice((502, 503, 504)))
            if one.where is Where.BEFORE
        ])  # fmt: skip


def of_commands(cloud: Cloud, seed: int, count: int) -> Result:
    """Run commands while the API is out of reach, and the same when it is not.

    :param cloud: the cloud
    :param seed: decides how requests fail
    :param count: how many commands
    """
    mine = cases.make({By.NOVA: count}, "outage-")
    with stage.on(cloud) as here:
        here.director.lucks |= {case.name: _Nothing() for case in mine}
        here.director.weather = Down(seed)
        with futures.ThreadPoolExecutor(_AT_A_TIME) as pool:
            first = [*pool.map(lambda one: _run(here, one), mine)]
            here.director.weather = None
            stories = [*pool.map(here.commands.until_done, mine)]
        for story, run in zip(stories, first, strict=True):
            story.runs.insert(0, run)
        found = campaign.judged(here, stories, judge.promised)
        found += [
            Violation(Rule.LOST, story.case.name, "ran in an outage")
            for story in stories
            if len(story.runs) != 2 or not story.runs[0].status
        ]
        return Result(stories, here.director, found)


@dataclasses.dataclass(frozen=True)
class Figures:
    """How many requests a program sent in an outage.

    :param calls: that it made
    :param posts: that it sent
    :param seconds: that this took
    """

    calls: int
    posts: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.calls} calls on {_THREADS} threads, {self.posts} POSTs, "
            f"{self.posts / self.calls:.2f} a call, in {self.seconds:.0f} s"
        )


def of_threads(
    cloud: Cloud, down: Down, calls: int, seconds: float, retried: int
) -> tuple[Figures, Result]:
    """Run one program while the API is out of reach, and again when it is not.

    :param cloud: the cloud
    :param down: decides how requests fail
    :param calls: how many it makes
    :param seconds: for how long the API is out of reach, at least
    :param retried: how many of the calls it makes again
    """
    mine = _keypairs(f"storm-{'reads' if down.reads else 'all'}", calls)
    with stage.on(cloud) as here:
        began = time.monotonic()
        figures = _in_an_outage(here, down, mine, own_loop=False)
        # The outage goes on, but nobody calls.
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        here.director.weather = None
        stories = here.programs.until_done(mine[:retried])
        found = campaign.judged(here, stories, judge.promised)
        if figures.posts > MOST * calls:
            found.append(Violation(Rule.MANY, "all", str(figures)))
        return figures, Result(stories, here.director, found)


def of_own_loop(cloud: Cloud, down: Down, calls: int) -> Figures:
    """Measure keystoneauth's own loop in the same outage, without tokens.

    :param cloud: the cloud
    :param down: decides how requests fail
    :param calls: how many it makes
    """
    with stage.on(cloud) as here:
        mine = _keypairs("own", calls)
        return _in_an_outage(here, down, mine, own_loop=True)


def _in_an_outage(
    here: Stage, down: Down, mine: list[Case], *, own_loop: bool
) -> Figures:
    here.director.weather = down
    began = time.monotonic()
    here.programs.until_done(
        mine, tries=1, threads=_THREADS, own_loop=own_loop
    )
    posts = sum(one.method == "POST" for one in here.director.seen)
    return Figures(len(mine), posts, time.monotonic() - began)


def _keypairs(prefix: str, count: int) -> list[Case]:
    return [
        Case(f"{prefix}-{number}", By.SDK, Kind.KEYPAIR)
        for number in range(count)
    ]


class _Nothing:
    """Lets all pass, but knows the case by its name."""

    def next(self, exchange: Exchange) -> Trouble:
        """Return no trouble.

        :param exchange: the request
        """
        return PASS

    def death(self) -> float | None:
        """Kill none."""
        return None


def _run(here: Stage, case: Case) -> cases.Run:
    return here.commands.run(case, commands.words(case, here.desk))
