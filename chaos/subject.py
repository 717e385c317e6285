# SPDX-License-Identifier: Apache-2.0
"""What a campaign is about: a service, what it is asked for, and its site."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import random
import typing as ty

from chaos.client import Client
from chaos.client import Operation
from chaos.fleet import Fleet
from chaos.history import History
from chaos.hosts import Worker
from chaos.mutation import Mutation
from chaos.tokens import Tokens
from chaos.weather import Service

#: How many workers share nothing with those that get into trouble.
QUIET_WORKERS: ty.Final = 2


class Grants(ty.Protocol):
    """Gives callers what they need before they begin."""

    def give(self, client: Client) -> Client:
        """Return a caller who has what the operation needs.

        :param client: who has nothing yet
        """


@dataclasses.dataclass(frozen=True)
class Site:
    """All that one campaign runs on.

    :param ledgers: what is there, on each database server
    :param grants: what gives callers what they need
    :param fleet: the workers that get into trouble
    :param victims: the API's database, as each of their hosts connects
    :param quiet: workers that share nothing with them but what all need
    :param services: what can be put out of reach
    """

    ledgers: ty.Sequence[Tokens]
    grants: Grants
    fleet: Fleet
    victims: ty.Sequence[str]
    quiet: ty.Sequence[Worker]
    services: ty.Mapping[str, Service]


class Start(ty.Protocol):
    """Starts a site, and leaves nothing of it behind."""

    def __call__(
        self,
        folder: Path,
        backend: str,
        seed: int,
        history: History,
        mutation: Mutation | None,
    ) -> contextlib.AbstractContextManager[Site]:
        """Start it.

        :param folder: gets what the hosts write
        :param backend: the kind of database
        :param seed: of what is left to chance besides the clients
        :param history: gets what happens
        :param mutation: what is switched off
        """


@dataclasses.dataclass(frozen=True)
class Subject:
    """One service, as campaigns see it.

    :param operations: what clients ask for, each as often as it is there
    :param bystanding: what those ask for who must notice nothing
    :param tokens: how many are in use at a time: so many that each worker is
        always busy, and no more, or clients give up before they are answered
    :param patience: seconds that a worker may spend on a request
    :param started: starts a site of it
    :param missing: says what keeps it from that on a kind of database
    :param never: the figures that it cannot have
    """

    operations: ty.Sequence[Operation]
    bystanding: ty.Sequence[Operation]
    tokens: int
    patience: float
    started: Start
    missing: ty.Callable[[str], str | None]
    never: ty.Collection[str]

    def any_of_them(self, chance: random.Random) -> Operation:
        """Return some operation.

        :param chance: chooses
        """
        return chance.choice(self.operations)
