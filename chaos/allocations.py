# SPDX-License-Identifier: Apache-2.0
"""A real placement, which a retry asks to free what a scheduler claimed."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
from pathlib import Path
import signal
import socket
import sys
import threading
import typing as ty

from chaos.child import Child
from embedded.serving import writers

#: Who asks; placement trusts whoever says so.
TOKEN = "admin"  # noqa: S105 - it is no secret
_THREADS = 4
_CONF = """\
[api]
auth_strategy = noauth2

[placement_database]
connection = sqlite:///{folder}/placement.sqlite
sync_on_startup = true
"""


@dataclasses.dataclass(frozen=True)
class Server:
    """One placement service.

    :param child: its process
    :param endpoint: its URL; who connects before it is ready waits
    """

    child: Child
    endpoint: str

    def ready(self) -> None:
        """Wait until it answers.

        :raises RuntimeError: it could not be started
        """
        self.child.read()


@contextlib.contextmanager
def started(folder: Path) -> ty.Iterator[Server]:
    """Begin to start one, beside whatever else is starting, and end it.

    :param folder: gets its folder
    """
    mine = folder / "placement"
    mine.mkdir()
    child = Child("chaos.allocations", [str(mine)], mine)
    try:
        yield Server(child, f"http://127.0.0.1:{child.read()}")
    finally:
        child.stop()


def main() -> None:
    """Serve until the input is closed."""
    folder = Path(sys.argv.pop())
    (folder / "placement.conf").write_text(_CONF.format(folder=folder))
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(folder)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    _serve(listener)


def _serve(listener: socket.socket) -> None:
    import waitress  # the gate's unit tests do without

    writers.begin_immediately()
    application = importlib.import_module("placement.wsgi.api").application
    print("ready", flush=True)
    threading.Thread(target=_leave, daemon=True).start()
    waitress.serve(application, sockets=[listener], threads=_THREADS)


def _leave() -> None:
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
