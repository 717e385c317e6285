# SPDX-License-Identifier: Apache-2.0
"""All that a campaign of another service runs on: servers and hosts."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
import subprocess
import typing as ty

from chaos import ground
from chaos.databases import Database
from chaos.fleet import Fleet
from chaos.history import History
from chaos.mutation import Mutation
from chaos.services.grants import Grants
from chaos.services.host import Host
from chaos.services.ledger import Ledger
from chaos.services.row import Row
from chaos.services.row import Setup
from chaos.subject import QUIET_WORKERS
from chaos.subject import Site
from embedded.services.service import our_tables


@dataclasses.dataclass(frozen=True)
class Start:
    """Starts sites of a service, and leaves nothing of them behind.

    :param row: what is known of the service
    """

    row: Row

    @contextlib.contextmanager
    def __call__(
        self,
        folder: Path,
        backend: str,
        seed: int,
        history: History,
        mutation: Mutation | None,
    ) -> ty.Iterator[Site]:
        """Start one.

        :param folder: gets what the hosts write
        :param backend: the kind of database
        :param seed: nothing but the clients is left to chance
        :param history: gets what happens
        :param mutation: what is switched off
        """
        row = self.row
        with contextlib.ExitStack() as stack:
            mine = stack.enter_context(ground.started(backend, Database))
            running = hosts(
                row, folder, mine.urls, mine.homes,
                history=history, mutation=mutation,
            )  # fmt: skip
            *troubled, quiet = stack.enter_context(running)
            yield Site(
                ledgers=[Ledger(row, url) for url in mine.copies],
                grants=Grants(row, quiet.port),
                fleet=Fleet(troubled),
                victims=[url.api for url in mine.troubled.values()],
                quiet=[quiet.fork() for _ in range(QUIET_WORKERS)],
                services=mine.services,
            )


@contextlib.contextmanager
def hosts(
    row: Row,
    folder: Path,
    urls: Database,
    homes: ty.Mapping[str, Database],
    *,
    history: History,
    mutation: Mutation | None = None,
) -> ty.Iterator[list[Host]]:
    """Make the tables of a service, start hosts of it, and end them.

    :param row: what is known of the service
    :param folder: where their folders go
    :param urls: its empty database
    :param homes: the database as each host connects to it, by its name
    :param history: gets what their workers do
    :param mutation: what is switched off
    """
    shared = folder / "shared"
    shared.mkdir()
    if row.prepare is not None:
        row.prepare(shared)
    _create(row, Setup(shared, shared, urls.api))
    running: list[Host] = []
    try:
        for name, url in homes.items():
            (folder / name).mkdir()
            setup = Setup(folder / name, shared, url.api)
            running.append(Host(row, setup, history, mutation))
        for host in running:
            host.ready()
        yield running
    finally:
        for host in running:
            host.stop()


def _create(row: Row, setup: Setup) -> None:
    """Make the tables of a service, by its own migrations, and ours."""
    row.install(setup)
    ours = our_tables(row.name, setup.folder / row.file)
    for command in (*row.schema(setup), ours):
        done = subprocess.run(
            command,
            check=False,
            env=os.environ | row.environment(setup),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            tail = done.stdout[-2000:]
            raise RuntimeError(f"{' '.join(command)} has failed:\n{tail}")
