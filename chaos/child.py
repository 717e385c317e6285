# SPDX-License-Identifier: Apache-2.0
"""A process of ours that is told things, line by line, and answers them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import typing as ty


class Child:
    """One process, the first of a group of its own.

    :param module: what it runs
    :param arguments: what that is given
    :param folder: where its errors and its Nova's configuration are
    """

    def __init__(
        self, module: str, arguments: ty.Sequence[str], folder: Path
    ) -> None:
        self._module = module
        self._errors = folder / "errors.log"
        self._lock = threading.Lock()
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=Path(__file__).parents[1],
                env=os.environ | {"OS_NOVA_CONFIG_DIR": str(folder)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self._commands = ty.cast(ty.TextIO, self._process.stdin)
        self._answers = ty.cast(ty.TextIO, self._process.stdout)

    def read(self) -> str:
        """Return the next line that it says; the first one when it is ready.

        :raises RuntimeError: it has ended
        """
        line = self._answers.readline().strip()
        if not line:
            tail = self._errors.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self._module} has ended:\n{tail}")
        return line

    def ask(self, command: str) -> str:
        """Tell it something, and return what it answers.

        :param command: a line that it knows
        """
        with self._lock:
            self._commands.write(command + "\n")
            self._commands.flush()
            return self.read()

    def stop(self) -> None:
        """End it with all of its group, in whatever state they are."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._commands.close()
        self._answers.close()
