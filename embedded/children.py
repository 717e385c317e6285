# SPDX-License-Identifier: Apache-2.0
"""All processes that one stack has started."""

from __future__ import annotations

from pathlib import Path
import threading
import typing as ty

from embedded.errors import ProcessError
from embedded.process import Process


class Children:
    """Starts processes, and ends every one of them in the end."""

    def __init__(self) -> None:
        self._started: list[Process] = []
        self._stopped = False
        self._lock = threading.Lock()

    def start(
        self,
        name: str,
        command: ty.Sequence[str],
        environment: ty.Mapping[str, str],
        log: Path,
    ) -> Process:
        """Start a process.

        :raises ProcessError: after `stop`, so that a thread which still
            works through a list of commands comes to its end.
        """
        with self._lock:
            if self._stopped:
                raise ProcessError(f"{name} was not started: all must stop")
            process = Process(name, command, environment, log)
            self._started.append(process)
            return process

    def check(self) -> None:
        """Check that none has ended by itself with a failure.

        :raises ProcessError: naming the first one that did.
        """
        for process in self._started:
            process.check()

    def stop(self) -> None:
        """End all, the youngest first, and start no more."""
        with self._lock:
            self._stopped = True
        for process in reversed(self._started):
            process.terminate()
        for process in reversed(self._started):
            process.stop()

    def survivors(self) -> list[str]:
        """Name the processes of whose group something still runs."""
        return [
            f"{process.name} ({process.pid})"
            for process in self._started
            if process.alive()
        ]
