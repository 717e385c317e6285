# SPDX-License-Identifier: Apache-2.0
"""The campaigns: on a cloud that promises safe retries, and on another one."""

from __future__ import annotations

import dataclasses
import typing as ty

from lossy import cases
from lossy import commands
from lossy import judge
from lossy import ledger
from lossy import luck
from lossy import stage
from lossy.cases import By
from lossy.cases import Case
from lossy.cases import Story
from lossy.director import Director
from lossy.judge import Rule
from lossy.judge import Violation
from lossy.stage import Stage
from testing.cloud import Cloud

# How probable it is that trouble kills the client. A program dies with all
# that it is doing.
_KILLS = {By.NOVA: 0.35, By.OPENSTACK: 0.35, By.SDK: 0.03, By.GO: 0.0}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a campaign is to be.

    :param seed: of all that is left to chance
    :param numbers: how many cases each client has
    :param prefix: of the names of the cases
    :param only: the names of the cases to play; all, if there are none
    :param forgetful: whether what the client remembers is lost
    """

    seed: int
    numbers: ty.Mapping[By, int]
    prefix: str = ""
    only: frozenset[str] = frozenset()
    forgetful: bool = False

    def cases(self) -> list[Case]:
        """Return the cases to play."""
        return [
            case
            for case in cases.make(self.numbers, self.prefix)
            if not self.only or case.name in self.only
        ]


@dataclasses.dataclass
class Result:
    """What came of a campaign.

    :param stories: what the clients saw
    :param director: what it did to them
    :param violations: what is wrong
    """

    stories: list[Story]
    director: Director
    violations: list[Violation]


def promised(cloud: Cloud, wanted: Wanted) -> Result:
    """Play the cases on a cloud that promises that retries are safe.

    :param cloud: the cloud
    :param wanted: what the campaign is to be
    """
    with stage.on(cloud, forgetful=wanted.forgetful) as here:
        mine = _prepared(here, wanted, luck.ByChance)
        stories = here.play(
            mine,
            here.commands.until_done,
            {
                By.SDK: here.programs.until_done,
                By.GO: here.gopher.until_done,
            },
        )
        found = judged(here, stories, judge.promised)
        found += _kept(here, stories)
        return Result(stories, here.director, found)


def unpromised(cloud: Cloud, wanted: Wanted) -> Result:
    """Play them on a cloud that does not.

    :param cloud: the cloud
    :param wanted: what the campaign is to be
    """
    with stage.on(cloud) as here:
        mine = _prepared(here, wanted, luck.Once)

        def once(cases_: list[Case]) -> list[Story]:
            return here.programs.until_done(cases_, tries=1)

        def twice(case: Case) -> Story:
            return _twice(here, case)

        stories = here.play(mine, twice, {By.SDK: once})
        found = judged(here, stories, judge.unpromised)
        found += _kept(here, [])
        return Result(stories, here.director, found)


def _prepared(
    here: Stage,
    wanted: Wanted,
    kind: ty.Callable[[str, float], luck.Luck],
) -> list[Case]:
    mine = wanted.cases()
    for case in mine:
        here.director.lucks[case.name] = kind(
            f"{wanted.seed} {case.name}", _KILLS[case.by]
        )
    return mine


def _twice(here: Stage, case: Case) -> Story:
    """Run a case's command again, which must send nothing; then look.

    That is what its message says: show what the cloud knows, and forget.
    """
    line = commands.words(case, here.desk)
    story = Story(case)
    for _ in range(2):
        story.runs.append(here.commands.run(case, line))
    name = judge.remembered_as(story.runs[-1])
    if name is None:
        return story
    about = ["nova"] if case.by is By.NOVA else ["openstack"]
    for verb in ("show", "forget"):
        words = (
            [f"client-token-{verb}"] if case.by is By.NOVA
            else ["client", "token", verb]
        )  # fmt: skip
        ended = here.commands.run(case, [*about, *words, name])
        if ended.status:
            story.errors.append(ended.errors)
    return story


def judged(
    here: Stage,
    stories: ty.Sequence[Story],
    by: ty.Callable[..., ty.Iterator[Violation]],
) -> list[Violation]:
    """Return what is wrong with some cases.

    :param here: where they were played
    :param stories: what the clients saw
    :param by: judges one of them
    """
    here.gateway.let_all_arrive()
    there = ledger.of(here.cloud)
    return [
        one
        for story in stories
        for one in by(story, there, here.director.of(story.case.name))
    ]


def _kept(here: Stage, stories: ty.Sequence[Story]) -> list[Violation]:
    """Return what is wrong with what is remembered in the end.

    A command that was killed when it had printed all may have left its entry.
    """
    may = sum(bool(s.runs) and s.runs[-1].killed for s in stories)
    left = here.desk.remembered
    if left <= may:
        return []
    return [Violation(Rule.KEPT, "all", f"{left} entries, {may} expected")]
