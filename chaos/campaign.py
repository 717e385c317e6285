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

from chaos import broker
from chaos import checker
from chaos import databases
from chaos import hosts
from chaos import schema
from chaos.checker import Violation
from chaos.clients import Clients
from chaos.configuration import Configuration
from chaos.figures import Figures
from chaos.fleet import Fleet
from chaos.history import History
from chaos.ledger import Ledger
from chaos.mutation import Mutation
from chaos.trouble import Troublemaker

_HOSTS = 2
# Tokens in use at a time: so many that each worker is always busy.
_TOKENS = 24


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
        with contextlib.ExitStack() as stack:
            url, exchange = stack.enter_context(broker.exchange())
            urls = stack.enter_context(databases.created(self.backend))
            site = Configuration(urls, url, exchange)
            schema.create(urls, url)
            running = stack.enter_context(
                hosts.started(
                    self.folder, _HOSTS, site, history, self.mutation
                )
            )
            self._fight(Fleet(running), urls.api, history)
            entries = Ledger(urls.api).entries()
        events = history.events()
        return Figures.of(events), checker.judge(events, entries)

    def _fight(self, fleet: Fleet, url: str, history: History) -> None:
        chance = random.Random(self.seed)
        deadline = time.monotonic() + self.seconds
        trouble = Troublemaker(fleet, url, history, deadline)
        clients = Clients(fleet, trouble, history)
        over = threading.Event()

        def use_tokens(seed: float) -> None:
            mine = random.Random(seed)
            while time.monotonic() < deadline:
                clients.use_a_token(mine)

        def all_ended() -> bool:
            return not checker.unfinished(history.events())

        with futures.ThreadPoolExecutor(_TOKENS + 1) as threads:
            mine = random.Random(chance.random())
            troubles = threads.submit(trouble.make, mine, over)
            users = [
                threads.submit(use_tokens, chance.random())
                for _ in range(_TOKENS)
            ]
            try:
                for user in users:
                    user.result()
                # Requests whose clients went away may still be at work. One
                # that stays is the checker's to find.
                with contextlib.suppress(TimeoutError):
                    hosts.wait_until(all_ended, "all requests have ended")
            finally:
                over.set()
        troubles.result()
