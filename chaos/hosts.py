# SPDX-License-Identifier: Apache-2.0
"""API hosts and their workers, seen from the process that started them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
import signal
import time
import typing as ty

from chaos.child import Child
from chaos.configuration import Configuration
from chaos.history import History
from chaos.mutation import Mutation

_POLL = 0.01
_PATIENCE = 20.0
# Seconds in which a worker has come to where it stops, or dies: its first
# request takes long.
_ON_ITS_WAY = 120.0


def wait_until(
    true: ty.Callable[[], bool],
    what: str,
    every: float = _POLL,
    patience: float = _PATIENCE,
) -> None:
    """Look again and again, until a condition is true.

    :param true: the condition
    :param what: what is waited for, for the message
    :param every: seconds from one look to the next
    :param patience: seconds after which it is given up
    :raises TimeoutError: it does not become true
    """
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(every)


class Home(ty.Protocol):
    """Where workers run, as those see it who make trouble for them."""

    def fork(self) -> Worker:
        """Return a worker that was not returned before."""

    def state(self, pid: int) -> str:
        """Return whether a worker is running, stopped or dead.

        :param pid: the worker's
        """

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a worker a signal, unless it is dead.

        :param pid: the worker's
        :param number: which one
        """


class Host:
    """One API host; its workers are forked from one process.

    :param folder: its files, the configuration among them
    :param configuration: the site's
    :param history: gets what its workers do
    :param mutation: what is switched off, for checks that must fail
    """

    def __init__(
        self,
        folder: Path,
        configuration: Configuration,
        history: History,
        mutation: Mutation | None = None,
    ) -> None:
        folder.mkdir()
        configuration.write(folder, folder.name)
        arguments = ["--api-database", configuration.databases.api]
        arguments += ["--topic", configuration.exchange]
        arguments += ["--history", str(history.path)]
        arguments += ["--placement", configuration.placement]
        if mutation:
            arguments += ["--mutation", mutation.value]
        self._child = Child("chaos.host", arguments, folder)

    def ready(self) -> None:
        """Wait until it has loaded Nova.

        :raises RuntimeError: it could not
        """
        self._child.read()

    def fork(self) -> Worker:
        """Start a worker."""
        # What it is told: see chaos.host.Master.
        pid, port = map(int, self._child.ask("fork").split())
        return Worker(self, pid, port)

    def state(self, pid: int) -> str:
        """Return whether a worker is running, stopped or dead.

        :param pid: the worker's
        """
        return self._child.ask(f"state {pid}")

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a worker a signal, unless it is dead.

        :param pid: the worker's
        :param number: which one
        """
        # The number is not forgotten before it is asked for, so it cannot be
        # another's.
        if self.state(pid) != "dead":
            os.kill(pid, number)

    def stop(self) -> None:
        """End it with all its workers, in whatever state they are."""
        self._child.stop()


@dataclasses.dataclass(frozen=True)
class Worker:
    """One API worker process.

    :param host: whose it is
    :param pid: its process id
    :param port: where it answers
    """

    host: Home
    pid: int
    port: int

    @property
    def state(self) -> str:
        """Whether it is running, stopped or dead."""
        return self.host.state(self.pid)

    def wait_until(self, state: str) -> None:
        """Wait until it is running, stopped or dead.

        :param state: which of them
        :raises TimeoutError: it does not become so
        """
        wait_until(
            lambda: self.state == state,
            f"a worker is {state}",
            patience=_ON_ITS_WAY,
        )

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it is dead.

        :param number: which one
        """
        self.host.signal(self.pid, number)


@contextlib.contextmanager
def started(
    folder: Path,
    count: int,
    configuration: Configuration,
    history: History,
    mutation: Mutation | None = None,
) -> ty.Iterator[list[Host]]:
    """Start hosts beside each other, and end them.

    :param folder: where their folders go
    :param count: how many
    :param configuration: the site's
    :param history: gets what their workers do
    :param mutation: what is switched off
    """
    sites = {f"host{number}": configuration for number in range(count)}
    with of_sites(folder, sites, history, mutation) as hosts:
        yield hosts


@contextlib.contextmanager
def of_sites(
    folder: Path,
    sites: ty.Mapping[str, Configuration],
    history: History,
    mutation: Mutation | None = None,
) -> ty.Iterator[list[Host]]:
    """Start hosts that differ in their configuration, and end them.

    :param folder: where their folders go
    :param sites: what each of them is to be configured as, by its name
    :param history: gets what their workers do
    :param mutation: what is switched off
    """
    hosts = []
    try:
        for name, site in sites.items():
            hosts.append(Host(folder / name, site, history, mutation))
        for host in hosts:
            host.ready()
        yield hosts
    finally:
        for host in hosts:
            host.stop()
