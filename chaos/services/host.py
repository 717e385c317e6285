# SPDX-License-Identifier: Apache-2.0
"""A service's host and its workers, seen from who started them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
import select
import signal
import typing as ty

from chaos.child import Child
from chaos.history import History
from chaos.hosts import wait_until
from chaos.hosts import Worker
from chaos.mutation import Mutation
from chaos.services import serving
from chaos.services.row import Row
from chaos.services.row import Setup
from embedded.ports import free

#: The processes of each host.
WORKERS: ty.Final = 3
# Seconds in which a service is loaded, on a machine that does much else.
_PATIENCE = 600.0
_EVERY = 0.05


@dataclasses.dataclass(frozen=True)
class _Process:
    """A process of uWSGI's, by a handle that can be no other one's.

    :param pid: its id
    :param handle: a file descriptor
    """

    pid: int
    handle: int

    @property
    def state(self) -> str:
        # The handle can be read when it has ended.
        if select.select([self.handle], [], [], 0)[0]:
            return "dead"
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return "dead"
        return "stopped" if stat.rpartition(")")[2].split()[0] == "T" else (
            "running"
        )


class Host:
    """One host; uWSGI replaces whichever of its workers dies.

    :param row: what is known of the service
    :param setup: where it is
    :param history: gets what its workers do
    :param mutation: what is switched off
    """

    def __init__(
        self,
        row: Row,
        setup: Setup,
        history: History,
        mutation: Mutation | None = None,
    ) -> None:
        row.install(setup)
        *self._ports, self.port = free(WORKERS + 1)
        self._folder = setup.folder
        serving.Served(
            application=row.application,
            url=setup.url,
            history=str(history.path),
            ports=[*self._ports, self.port],
            mutation=mutation and mutation.value,
        ).write(setup.folder)
        self._processes: dict[int, _Process] = {}
        self._workers: dict[int, int] = {}
        self._child = Child(
            "chaos.services.serving",
            [str(setup.folder)],
            setup.folder,
            environment=row.environment(setup),
        )

    def ready(self) -> None:
        """Wait until it has loaded the service.

        :raises RuntimeError: it could not
        """

        def there() -> bool:
            self._child.check()
            return all(
                serving.noted(self._folder, number + 1).exists()
                for number in range(WORKERS)
            )

        wait_until(there, "a service is loaded", _EVERY, _PATIENCE)

    def fork(self) -> Worker:
        """Return a worker that was not returned before.

        That is one that nobody has yet, or uWSGI's next in the place of one
        that is dead.
        """
        number = next(
            number
            for number in range(WORKERS)
            if number not in self._workers
            or self.state(self._workers[number]) == "dead"
        )
        found: list[_Process] = []
        before = self._workers.get(number)

        def there() -> bool:
            file = serving.noted(self._folder, number + 1)
            pid = int(file.read_text())
            if pid != before:
                # Unless it is dead by now, too: the next one will be there.
                with contextlib.suppress(ProcessLookupError):
                    found.append(_Process(pid, os.pidfd_open(pid)))
            return bool(found)

        wait_until(there, "uWSGI has another worker", _EVERY, _PATIENCE)
        (process,) = found
        self._processes[process.pid] = process
        self._workers[number] = process.pid
        return Worker(self, process.pid, self._ports[number])

    def state(self, pid: int) -> str:
        """Return whether a worker is running, stopped or dead.

        :param pid: the worker's
        """
        return self._processes[pid].state

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a worker a signal, unless it is dead.

        :param pid: the worker's
        :param number: which one
        """
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._processes[pid].handle, number)

    def stop(self) -> None:
        """End it with all its workers, in whatever state they are."""
        self._child.stop()
        for process in self._processes.values():
            os.close(process.handle)
