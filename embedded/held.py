# SPDX-License-Identifier: Apache-2.0
"""Commands that cannot outlive us, though they know nothing of us.

`python -I -S held.py COMMAND...` becomes one, the first process of its group
as before. Beside it stays who ends the group when its own input is closed,
which we hold as long as we live. So the commands of others get what
:mod:`embedded.serving` has by itself.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import typing as ty


def held(command: ty.Sequence[str]) -> list[str]:
    """Return a command that becomes another one, until that or we end.

    :param command: the other one, which finds nothing on its input
    """
    return [sys.executable, "-I", "-S", __file__, *command]


def main() -> None:
    """Become what the command line says, the first process of its group."""
    # Not the other way round: a service that is not the first of its group
    # makes one of its own, and nobody would reach it there.
    command = os.pidfd_open(os.getpid())
    if os.fork() == 0:
        _watch(command)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.execvp(sys.argv[1], sys.argv[1:])


def _watch(command: int) -> ty.NoReturn:
    # The whole group is told to end: it is the command's to do so in order.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Nobody writes to our input: it can be read when nobody holds it.
    ready, _, _ = select.select([0, command], [], [])
    if 0 in ready:
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()
