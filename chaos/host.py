# SPDX-License-Identifier: Apache-2.0
"""One API host: loads Nova once, and forks a worker whenever it is told to.

As the servers do that operators use: so a new worker takes milliseconds, and
what must survive a fork is tested with it. It is told by lines on its input,
see :mod:`chaos.hosts`, and ends with all workers when that is closed.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
import signal
import socket
import sys
import typing as ty

from chaos import casts
from chaos import databases
from chaos import images
from chaos import placement
from chaos.history import History
from chaos.sabotage import Saboteur
from nova import monkey_patch

THREADS = 8
_STATES = {os.CLD_STOPPED: "stopped", os.CLD_CONTINUED: "running"}


class Master:
    """Forks workers, and knows what became of them.

    :param application: the WSGI application that they serve
    """

    def __init__(self, application: ty.Any) -> None:
        self._application = application
        self._states: dict[int, str] = {}

    def obey(self, command: str, *arguments: str) -> str:
        """Do what a line of the input says, and return the answer."""
        if command == "fork":
            return "{} {}".format(*self._fork())
        return self._state(int(arguments[0]))

    def _fork(self) -> tuple[int, int]:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        # From here on clients can connect, before anybody accepts them.
        listener.listen()
        pid = os.fork()
        if pid == 0:
            self._serve(listener)
        port = listener.getsockname()[1]
        listener.close()
        self._states[pid] = "running"
        return pid, port

    def _serve(self, listener: socket.socket) -> ty.NoReturn:
        import waitress  # the gate's unit tests do without

        try:
            waitress.serve(
                self._application, sockets=[listener], threads=THREADS
            )
        finally:
            os._exit(1)

    def _state(self, pid: int) -> str:
        """Return whether a worker is running, stopped or dead."""
        events = os.WEXITED | os.WSTOPPED | os.WCONTINUED | os.WNOHANG
        while self._states[pid] != "dead":
            changed = os.waitid(os.P_PID, pid, events)
            if changed is None:
                break
            self._states[pid] = _STATES.get(changed.si_code, "dead")
        return self._states[pid]


def main() -> None:
    """Serve until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--api-database", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--mutation")
    parser.add_argument("--placement", default="")
    arguments = parser.parse_args()
    # Nova parses options of its own here, and looks for files so named: of
    # this module's own name it would take /etc/host.conf.
    sys.argv[:] = ["nova-api"]
    history = History(arguments.history)
    saboteur = Saboteur(
        _load(arguments, history),
        cut=lambda: databases.cut(arguments.api_database),
        history=history,
    )
    master = Master(saboteur)
    print("ready", flush=True)
    for line in sys.stdin:
        print(master.obey(*line.split()), flush=True)
    # Stopped workers, too, and whatever else of ours is left.
    os.killpg(0, signal.SIGKILL)


def _load(arguments: argparse.Namespace, history: History) -> ty.Any:
    """Return Nova's WSGI application, as its nova.conf says."""
    # First: later, parts of Nova have already chosen another kind of thread.
    monkey_patch.patch(backend="threading")
    from chaos.mutation import Mutation

    if arguments.mutation:
        Mutation(arguments.mutation).apply()
    images.stand_in()
    if not arguments.placement:
        placement.stand_in(history)
    casts.to(arguments.topic)
    from nova.wsgi.osapi_compute import application

    return application


if __name__ == "__main__":
    main()
