# SPDX-License-Identifier: Apache-2.0
"""A command on a terminal, as a person has it before them."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import typing as ty

SOON = 600  # seconds after which a test gives up; no test waits for them


class Terminal:
    """A command whose input and output are a terminal.

    :param command: the command line
    """

    def __init__(self, command: ty.Sequence[str]) -> None:
        self._ours, theirs = pty.openpty()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        self.said = ""

    def close(self) -> None:
        """End the command, if it has not ended."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def until(self, words: str) -> None:
        """Read until it has said something.

        :param words: what
        :raises AssertionError: it has ended, or does not say it
        """
        while words not in self.said:
            if not self._read():
                raise AssertionError(f"It never said {words!r}: {self.said}")

    def type(self, keys: str) -> None:
        """Press keys.

        :param keys: what they write
        """
        os.write(self._ours, keys.encode())

    def interrupt(self) -> None:
        """Do what Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> int:
        """Read until it ends; return its exit status."""
        while self._read():
            pass
        return self._process.wait(SOON)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], SOON)
        # On Linux the end of the last one who has it open is an error.
        with contextlib.suppress(OSError):
            text = os.read(self._ours, 65536) if ready else b""
            self.said += text.decode(errors="replace")
            return bool(text)
        return False
