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
from chaos import site
from chaos.bystanders import Bystanders
from chaos.clients import Clients
from chaos.figures import Figures
from chaos.grants import Grants
from chaos.history import History
from chaos.ledger import Ledger
from chaos.mutation import Mutation
from chaos.rules import Violation
from chaos.site import Site
from chaos.trouble import Troublemaker
from chaos.weather import Weather

# Tokens in use at a time: so many that each worker is always busy.
_TOKENS = 16
_BYSTANDERS = 3


@dataclasses.dataclass(frozen=True)
class Campaign:
    """What one campaign is to be.

    :param folder: gets the history, and what the hosts write
    :param seconds: how long tokens are used and trouble is made
    :param seed: of all that is left to chance
    :param backend: the kind of database
    :param mutation: what is switched off
    """

    folder: Path
    seconds: float
    seed: int
    backend: str = "mysql"
    mutation: Mutation | None = None

    def run(self) -> tuple[Figures, list[Violation]]:
        """Run it, and judge it."""
        history = History(self.folder / "history.jsonl")
        with site.started(
            self.folder, self.backend, self.seed, history, self.mutation
        ) as running:
            self._fight(running, history)
            entries = Ledger(running.urls).entries()
        events = history.events()
        figures = Figures.of(events, entries.values())
        return figures, checker.judge(events, entries)

    def _fight(self, site_: Site, history: History) -> None:
        chance = random.Random(self.seed)
        deadline = time.monotonic() + self.seconds
        trouble = Troublemaker(
            site_.fleet,
            Weather(site_.services, history),
            site_.victims,
            history,
            deadline,
        )
        grants = Grants(site_.urls.api)
        clients = Clients(site_.fleet, grants, trouble, history)
        bystanders = Bystanders(site_.quiet, history)
        work = [
            *[clients.use_a_token] * _TOKENS,
            *[bystanders.ask] * _BYSTANDERS,
        ]
        over = threading.Event()
        with futures.ThreadPoolExecutor(len(work) + 1) as threads:
            mine = random.Random(chance.random())
            troubles = threads.submit(trouble.make, mine, over)
            users = [
                threads.submit(
                    _go_on, each, random.Random(chance.random()), deadline
                )
                for each in work
            ]
            try:
                for user in users:
                    user.result()
                _come_to_rest(history)
            finally:
                over.set()
        troubles.result()


def _go_on(
    work: ty.Callable[[random.Random], None],
    chance: random.Random,
    deadline: float,
) -> None:
    while time.monotonic() < deadline:
        work(chance)


def _come_to_rest(history: History) -> None:
    """Wait for requests whose clients went away, and for the conductor.

    One that stays is the checker's to find.
    """

    def all_ended() -> bool:
        events = history.events()
        named = checker.named(events)
        return not checker.unfinished(events) and delivery.settled(
            events, named
        )

    with contextlib.suppress(TimeoutError):
        hosts.wait_until(all_ended, "all requests have ended", every=0.5)
