# SPDX-License-Identifier: Apache-2.0
"""What has to be known of a service to run it, and to ask it for things."""

from __future__ import annotations

import dataclasses
from pathlib import Path
import typing as ty

from chaos import configuration
from chaos.client import Client
from chaos.services.asking import Ask
from chaos.services.asking import Operation
from embedded import config
from embedded.services.service import Command

#: The options of client tokens, as short as Nova's; no secret is kept.
IDEMPOTENCY: ty.Final[config.Section] = {
    "secret": "of tests only: 0123456789 0123456789",
    "lease": configuration.LEASE,
    "wait_timeout": configuration.WAIT_TIMEOUT,
    "purge_interval": 1,
}


@dataclasses.dataclass(frozen=True)
class Setup:
    """Where one host of a service is.

    :param folder: its files
    :param shared: what all of its hosts have
    :param url: its database, as the host connects to it
    """

    folder: Path
    shared: Path
    url: str

    @property
    def database(self) -> config.Section:
        """The options of the section that names the database."""
        return {
            "connection": self.url,
            "max_retries": 3,
            "retry_interval": 1,
        }


#: Makes callers whom a service knows, by asking it.
Doorman = ty.Callable[[Ask], ty.Callable[[Client], Client]]


def _by_headers(client: Client) -> Client:
    """Return a caller of whom it is said what keystone's filter would say."""
    return dataclasses.replace(
        client,
        who={
            "X-Identity-Status": "Confirmed",
            "X-User-Id": client.caller,
            "X-Project-Id": client.caller,
            "X-Roles": "admin,service,member,reader",
        },
    )


def _believed(ask: Ask) -> ty.Callable[[Client], Client]:
    return _by_headers


@dataclasses.dataclass(frozen=True)
class Row:
    """One service.

    :param name: its name
    :param application: the module whose application is served
    :param file: its configuration file
    :param files: the texts of that file and of others, by their names
    :param environment: tells its processes where these files are
    :param schema: the commands that make its tables
    :param operations: what clients ask for, each as often as it is there;
        the first one makes something, the second one changes rows only
    :param refused: one that it refuses
    :param made: a query of who has what, by the kind of what is bound; of
        what changes rows only, who had them changed, twice
    :param who: makes callers whom the service knows
    :param prepare: makes what all hosts share
    """

    name: str
    application: str
    file: str
    files: ty.Callable[[Setup], ty.Mapping[str, str]]
    environment: ty.Callable[[Setup], ty.Mapping[str, str]]
    schema: ty.Callable[[Setup], ty.Sequence[Command]]
    operations: ty.Sequence[Operation]
    refused: Operation
    made: ty.Mapping[str, str]
    who: Doorman = _believed
    prepare: ty.Callable[[Path], None] | None = None

    @property
    def creates(self) -> Operation:
        """What makes something."""
        return self.operations[0]

    @property
    def changes(self) -> Operation:
        """What changes rows only."""
        return self.operations[1]

    @property
    def bystanding(self) -> ty.Sequence[Operation]:
        """What those ask for who must notice nothing."""
        return (self.creates, self.changes)

    def install(self, setup: Setup) -> None:
        """Write the files of one host.

        :param setup: where it is
        """
        for name, text in self.files(setup).items():
            (setup.folder / name).write_text(text)
