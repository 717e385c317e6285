# SPDX-License-Identifier: Apache-2.0
"""Many episodes of one seed, on several processors."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import hashlib
import multiprocessing
import typing as ty

from simulation import checker
from simulation import history
from simulation.checker import Violation
from simulation.episode import Episode
from simulation.history import History
from simulation.history import What
from simulation.mutation import Mutation


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of one episode.

    :param requests: how many requests were served
    :param violations: the rules that did not hold
    :param verdicts: how many answers there were of each state
    :param digest: of its history
    """

    requests: int
    violations: tuple[Violation, ...]
    verdicts: ty.Mapping[str, int]
    digest: str


@dataclasses.dataclass
class Total:
    """What came of all of them.

    :param requests: how many requests were served
    :param episodes: how many episodes were played
    :param violations: the rules that did not hold, by episodes
    :param verdicts: how many answers there were of each state
    :param digest: of all their histories
    """

    requests: int = 0
    episodes: int = 0
    violations: list[tuple[int, Violation]] = dataclasses.field(
        default_factory=list
    )
    verdicts: collections.Counter[str] = dataclasses.field(
        default_factory=collections.Counter
    )
    digest: str = ""


def play(
    seed: int, number: int, mutation: Mutation | None = None
) -> tuple[Result, History]:
    """Play an episode and judge it.

    :param seed: all chance comes from it
    :param number: which of its episodes
    :param mutation: the safeguard that is switched off, if any
    """
    with mutation.applied() if mutation else contextlib.nullcontext():
        played = Episode(seed, number).play()
    events = played.history.events
    verdicts = collections.Counter(
        event.says[0] for event in events if event.what is What.ANSWERED
    )
    result = Result(
        played.requests,
        tuple(checker.judge(events)),
        verdicts,
        history.digest(played.history.text()),
    )
    return result, played.history


def run(
    requests: int,
    seed: int,
    jobs: int = 1,
    mutation: Mutation | None = None,
    *,
    first: bool = False,
) -> Total:
    """Play episodes until enough requests were served.

    :param requests: how many
    :param seed: all chance comes from it
    :param jobs: how many processes play
    :param mutation: the safeguard that is switched off, if any
    :param first: whether to end with the first violation
    """
    total = Total()
    digest = hashlib.sha256()
    for result in _results(seed, jobs, mutation):
        total.violations += ((total.episodes, v) for v in result.violations)
        total.requests += result.requests
        total.episodes += 1
        total.verdicts.update(result.verdicts)
        digest.update(result.digest.encode())
        if total.requests >= requests or (first and total.violations):
            break
    total.digest = digest.hexdigest()
    return total


def _results(
    seed: int, jobs: int, mutation: Mutation | None
) -> ty.Iterator[Result]:
    number = 0
    if jobs == 1:
        while True:
            yield _result(seed, mutation, number)
            number += 1
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        play_one = functools.partial(_result, seed, mutation)
        while True:
            several = range(number, number + jobs * 16)
            yield from pool.imap(play_one, several)
            number = several.stop


def _result(seed: int, mutation: Mutation | None, number: int) -> Result:
    return play(seed, number, mutation)[0]
