# SPDX-License-Identifier: Apache-2.0
"""One child process, in a group of its own, that cannot outlive us."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import subprocess
import time
import typing as ty

from embedded import ports
from embedded.errors import ProcessError

START_SECONDS = 300.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
LOG_TAIL = 15


class Process:
    """A child whose output goes to a log file and whose input is a lifeline.

    We hold the writing end of its standard input and never write. When we
    die, however we die, the child reads the end of file there and leaves.
    """

    def __init__(
        self,
        name: str,
        command: ty.Sequence[str],
        environment: ty.Mapping[str, str],
        log: Path,
    ) -> None:
        self.name = name
        self.log = log
        self._gone = False
        with log.open("ab") as output:
            # The child runs where its log lies, so that stray files stay
            # in the state directory.
            self._popen = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the process group."""
        return self._popen.pid

    def wait_until_answers(self, port: int) -> None:
        """Wait until the child serves HTTP on the port.

        :raises ProcessError: when it ended, or stayed silent too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while not ports.serves(port):
            if self._popen.poll() is not None:
                raise self._failed(f"ended with {self._popen.returncode}")
            if time.monotonic() > deadline:
                raise self._failed(f"is silent on port {port}")
            time.sleep(POLL_SECONDS)

    def wait_until_done(self) -> None:
        """Wait until the child has done its work.

        :raises ProcessError: when it ended with another status than 0.
        """
        status = self._popen.wait()
        # At once, while its number is still its own: notes that it is gone.
        self.alive()
        if status != 0:
            raise self._failed(f"ended with {status}")

    def check(self) -> None:
        """Check that the child runs, or has done its work.

        :raises ProcessError: when it ended with another status than 0.
        """
        if self._popen.poll():
            raise self._failed(f"ended with {self._popen.returncode}")

    def terminate(self) -> None:
        """Ask the child and its group to end, without waiting for it."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the child and its group at once, whatever they are doing."""
        self._signal(signal.SIGKILL)
        # Noted while the number is still its own.
        self._popen.wait()
        self._gone_within(STOP_SECONDS)

    def stop(self) -> None:
        """End the child and all of its group: asked first, then killed.

        :raises ProcessError: when something of the group survives even that.
        """
        for request in (signal.SIGTERM, signal.SIGKILL):
            self._signal(request)
            if self._gone_within(STOP_SECONDS):
                break
        else:
            raise self._failed("survived SIGKILL")
        if self._popen.stdin:
            self._popen.stdin.close()

    def alive(self) -> bool:
        """Tell whether anything of the child's process group still runs."""
        self._popen.poll()
        self._signal(0)
        return not self._gone

    def _signal(self, number: int) -> None:
        # The number of a group that is gone may soon be another's.
        if not self._gone:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                self._gone = True

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _failed(self, what: str) -> ProcessError:
        tail = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
        title = f"{self.name} {what}; {self.log} ends with:"
        return ProcessError("\n    ".join([title, *tail]))
