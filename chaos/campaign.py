# SPDX-License-Identifier: Apache-2.0
"""One campaign: a site, its clients, their trouble, and what came of it."""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
from pathlib import Path
import random
import threading
import time
import typing as ty

from chaos import checker
from chaos import delivery
from chaos import hosts
from chaos.bystanders import Bystanders
from chaos.clients import Clients
from chaos.figures import Figures
from chaos.history import History
from chaos.mutation import Mutation
from chaos.rules import Violation
from chaos.subject import Site
from chaos.subject import Subject
from chaos.subjects import NOVA
from chaos.trouble import Troublemaker
from chaos.weather import Weather

_BYSTANDERS = 3


@dataclasses.dataclass(frozen=True)
class Campaign:
    """What one campaign is to be.

    :param folder: gets the history, and what the hosts write
    :param seconds: how long tokens are used and trouble is made
    :param seed: of all that is left to chance
    :param backend: the kind of database
    :param mutation: what is switched off
    :param subject: what it is about
    """

    folder: Path
    seconds: float
    seed: int
    backend: str = "mysql"
    mutation: Mutation | None = None
    subject: Subject = NOVA

    def run(self) -> tuple[Figures, list[Violation]]:
        """Run it, and judge it."""
        history = History(self.folder / "history.jsonl")
        with self.subject.started(
            self.folder, self.backend, self.seed, history, self.mutation
        ) as running:
            self._fight(running, history)
            copies = [ledger.entries() for ledger in running.ledgers]
        events, entries = history.events(), copies[0]
        figures = Figures.of(events, entries.values(), len(copies))
        found = checker.judge(events, entries, self.subject.patience)
        return figures, [*found, *checker.of_copies(copies)]

    def _fight(self, site_: Site, history: History) -> None:
        chance = random.Random(self.seed)
        deadline = time.monotonic() + self.seconds
        weather = Weather(site_.services, history)
        trouble = Troublemaker(
            site_.fleet, weather, site_.victims, history, deadline
        )
        grants, subject = site_.grants, self.subject
        over = trouble.over
        clients = Clients(subject, site_.fleet, grants, trouble, history)
        bystanders = Bystanders(
            subject.bystanding, site_.quiet, grants, history
        )
        work = [
            *[clients.use_a_token] * subject.tokens,
            *[bystanders.ask] * _BYSTANDERS,
        ]

        def ended() -> bool:
            return over.is_set() or time.monotonic() > deadline

        with futures.ThreadPoolExecutor(len(work) + 1) as threads:
            mine = random.Random(chance.random())
            troubles = threads.submit(trouble.make, mine)
            users = [
                threads.submit(
                    _go_on, each, random.Random(chance.random()), ended
                )
                for each in work
            ]
            _end_with_the_first_that_fails([troubles, *users], over)
            try:
                futures.wait(users)
                if not over.is_set():
                    _come_to_rest(history, weather)
            finally:
                over.set()
        for each in (troubles, *users):
            each.result()


def _end_with_the_first_that_fails(
    threads: ty.Iterable[futures.Future[None]], over: threading.Event
) -> None:
    """Let nobody wait for workers that nobody thaws any more.

    Clients would try such workers for the better part of an hour.
    """

    def look(thread: futures.Future[None]) -> None:
        if thread.exception() is not None:
            over.set()

    for thread in threads:
        thread.add_done_callback(look)


def _go_on(
    work: ty.Callable[[random.Random], None],
    chance: random.Random,
    ended: ty.Callable[[], bool],
) -> None:
    while not ended():
        work(chance)


def _come_to_rest(history: History, weather: Weather) -> None:
    """Wait for servers, for requests without clients, and the conductor.

    One that stays is the checker's to find.
    """

    def all_ended() -> bool:
        events = history.events()
        named = checker.named(events)
        return (
            weather.calm
            and not checker.unfinished(events)
            and delivery.settled(events, named)
        )

    with contextlib.suppress(TimeoutError):
        hosts.wait_until(all_ended, "all requests have ended", every=0.5)
