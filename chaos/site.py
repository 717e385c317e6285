# SPDX-License-Identifier: Apache-2.0
"""All that one campaign runs on: servers, hosts, and a conductor."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import typing as ty

import sqlalchemy as sa

from chaos import broker
from chaos import daemon
from chaos import databases
from chaos import hosts
from chaos import outages
from chaos import schema
from chaos.child import Child
from chaos.configuration import Configuration
from chaos.daemon import Daemon
from chaos.databases import Databases
from chaos.fleet import Fleet
from chaos.history import History
from chaos.hosts import Worker
from chaos.mutation import Mutation
from chaos.relay import Relay
from chaos.weather import Service

_QUIET_WORKERS = 2


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


@dataclasses.dataclass(frozen=True)
class Database:
    """The database server, seen by everybody.

    :param daemon: the server
    """

    daemon: Daemon

    def fail(self) -> None:
        """Let it crash."""
        self.daemon.crash()

    def recover(self) -> None:
        """Begin to start it."""
        self.daemon.start()

    def answers(self) -> bool:
        """Tell whether it is back."""
        return self.daemon.answers()


@dataclasses.dataclass(frozen=True)
class Site:
    """One site.

    :param urls: its databases, as no host connects to them
    :param fleet: the workers that get into trouble
    :param victims: their API database, as each of their hosts connects
    :param quiet: workers that share only databases and broker with them
    :param services: what can be put out of reach
    """

    urls: Databases
    fleet: Fleet
    victims: ty.Sequence[str]
    quiet: ty.Sequence[Worker]
    services: ty.Mapping[str, Service]


def missing(backend: str) -> str | None:
    """Return what keeps a site from being made, None if nothing does.

    :param backend: the kind of database
    """
    return daemon.missing(backend) or broker.missing()


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
        server = stack.enter_context(daemon.started(backend))
        urls = databases.create(sa.make_url(server.url))
        schema.create(urls, broker.URL)
        relay = stack.enter_context(Relay(*broker.address()))
        topic = stack.enter_context(broker.exchange())
        conductor = _conductor(folder, urls, topic, seed, history)
        stack.callback(conductor.stop)
        sites = _sites(urls, broker.by_way_of(relay.port), topic)
        running = stack.enter_context(
            hosts.of_sites(folder, sites, history, mutation)
        )
        conductor.read()
        *troubled, quiet = running
        yield Site(
            urls=urls,
            fleet=Fleet(troubled),
            victims=[urls.of(name).api for name in daemon.TROUBLED],
            quiet=[quiet.fork() for _ in range(_QUIET_WORKERS)],
            services={
                outages.BROKER: Broker(relay),
                outages.DATABASE: Database(server),
            },
        )


def _sites(
    urls: Databases, transport: str, topic: str
) -> dict[str, Configuration]:
    names = (*daemon.TROUBLED, daemon.BYSTANDER)
    return {
        name: Configuration(urls.of(name), transport, topic) for name in names
    }


def _conductor(
    folder: Path, urls: Databases, topic: str, seed: int, history: History
) -> Child:
    mine = folder / "conductor"
    mine.mkdir()
    site = Configuration(urls.of(daemon.CONDUCTOR), broker.URL, topic)
    site.write(mine, mine.name)
    arguments = ["--topic", topic, "--seed", str(seed)]
    arguments += ["--history", str(history.path)]
    return Child("chaos.conductor", arguments, mine)
