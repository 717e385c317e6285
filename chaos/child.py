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
    :param interpreter: another environment's, if not ours
    :param environment: more variables
    """

    def __init__(
        self,
        module: str,
        arguments: ty.Sequence[str],
        folder: Path,
        interpreter: Path | None = None,
        environment: ty.Mapping[str, str] | None = None,
    ) -> None:
        self._module = module
        self._errors = folder / "errors.log"
        self._lock = threading.Lock()
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(interpreter or sys.executable), "-m", module, *arguments],
                cwd=Path(__file__).parents[1],
                env={
                    **os.environ,
                    "OS_NOVA_CONFIG_DIR": str(folder),
                    **(environment or {}),
                },
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
            raise self._ended()
        return line

    def _ended(self) -> RuntimeError:
        tail = self._errors.read_text(errors="replace")[-2000:]
        return RuntimeError(f"{self._module} has ended:\n{tail}")

    def check(self) -> None:
        """Check that it has not ended.

        :raises RuntimeError: it has
        """
        if self._process.poll() is not None:
            raise self._ended()

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
