# SPDX-License-Identifier: Apache-2.0
"""All that a campaign of Nova runs on: servers, hosts, and a conductor."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import typing as ty

from chaos import broker
from chaos import ground
from chaos import hosts
from chaos import outages
from chaos import schema
from chaos.child import Child
from chaos.configuration import Configuration
from chaos.databases import Databases
from chaos.fleet import Fleet
from chaos.grants import Grants
from chaos.ground import Ground
from chaos.history import History
from chaos.ledger import Ledger
from chaos.mutation import Mutation
from chaos.relay import Relay
from chaos.subject import QUIET_WORKERS
from chaos.subject import Site
from chaos.weather import Service


@dataclasses.dataclass(frozen=True)
class Broker:
    """The broker, seen by the API only.

    :param relay: by which the API gets there
    """

    relay: Relay

    def fail(self) -> None:
        """Put it out of reach."""
        self.relay.cut()

    def recover(self) -> None:
        """Bring it back."""
        self.relay.mend()

    def answers(self) -> bool:
        """Tell whether it is back."""
        return True


def missing(backend: str) -> str | None:
    """Return what keeps a site from being made, None if nothing does.

    :param backend: the kind of database
    """
    return ground.missing(backend) or broker.missing()


@contextlib.contextmanager
def started(
    folder: Path,
    backend: str,
    seed: int,
    history: History,
    mutation: Mutation | None,
) -> ty.Iterator[Site]:
    """Start a site, and leave nothing of it behind.

    :param folder: gets what the hosts write
    :param backend: the kind of database
    :param seed: of what the conductor leaves to chance
    :param history: gets what happens
    :param mutation: what is switched off
    """
    with contextlib.ExitStack() as stack:
        mine = stack.enter_context(ground.started(backend, Databases))
        schema.create(mine.urls, broker.URL, mine.cells)
        relay = stack.enter_context(Relay(*broker.address()))
        topic = stack.enter_context(broker.exchange())
        conductor = _conductor(folder, mine, topic, seed, history)
        stack.callback(conductor.stop)
        sites = _sites(mine, broker.by_way_of(relay.port), topic)
        running = stack.enter_context(
            hosts.of_sites(folder, sites, history, mutation)
        )
        conductor.read()
        *troubled, quiet = running
        yield Site(
            ledgers=[Ledger(urls) for urls in mine.copies],
            grants=Grants(mine.urls.api),
            fleet=Fleet(troubled),
            victims=[urls.api for urls in mine.troubled.values()],
            quiet=[quiet.fork() for _ in range(QUIET_WORKERS)],
            services=_services(mine, Broker(relay)),
        )


def _services(
    mine: Ground[Databases], broker_: Broker
) -> ty.Mapping[str, Service]:
    # On a cluster, its nodes make enough trouble.
    if len(mine.copies) > 1:
        return mine.services
    return {outages.BROKER: broker_, **mine.services}


def _sites(
    mine: Ground[Databases], transport: str, topic: str
) -> dict[str, Configuration]:
    return {
        name: Configuration(urls, transport, topic)
        for name, urls in mine.homes.items()
    }


def _conductor(
    folder: Path,
    ground_: Ground[Databases],
    topic: str,
    seed: int,
    history: History,
) -> Child:
    mine = folder / "conductor"
    mine.mkdir()
    site = Configuration(ground_.conductor, broker.URL, topic)
    site.write(mine, mine.name)
    arguments = ["--topic", topic, "--seed", str(seed)]
    arguments += ["--history", str(history.path)]
    return Child("chaos.conductor", arguments, mine)
