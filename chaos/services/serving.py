# SPDX-License-Identifier: Apache-2.0
"""One host of a service: uWSGI with processes that have a port each.

`python -m chaos.services.serving FOLDER`: the folder has what :class:`Served`
says. So a client can choose to whom it talks, also to a process that stands
still; the last port is that of all, as behind a load balancer.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
import signal
import sys
import typing as ty

from embedded.platform import LONGEST_HEADERS
from embedded.ports import HOST
from embedded.serving import lifeline

#: Says to what is served where its folder is.
FOLDER: ty.Final = "CHAOS_HOST"
_FILE = "served.json"
_MODULE = "chaos.services.served"
_THREADS = 8


@dataclasses.dataclass(frozen=True)
class Served:
    """What one host serves.

    :param application: the module whose application it is
    :param url: its database, as it connects to it
    :param history: the path of what gets what happens
    :param ports: of its processes, and of all of them
    :param mutation: what is switched off
    """

    application: str
    url: str
    history: str
    ports: ty.Sequence[int]
    mutation: str | None = None

    def write(self, folder: Path) -> None:
        """Write it to a host's folder.

        :param folder: the folder
        """
        text = json.dumps(dataclasses.asdict(self))
        (folder / _FILE).write_text(text)

    @classmethod
    def read(cls, folder: Path) -> Served:
        """Return what was written.

        :param folder: the host's
        """
        return cls(**json.loads((folder / _FILE).read_text()))


def noted(folder: Path, number: int) -> Path:
    """Return the file that has the process id of a worker.

    :param folder: the host's
    :param number: which one it is, from 1 on
    """
    return folder / f"worker{number}"


def main() -> None:
    """Serve until the whole group of processes is ended."""
    import pyuwsgi  # the gate's unit tests do without

    folder = Path(sys.argv[1])
    # The services parse what they find here as options of their own.
    del sys.argv[1:]
    os.environ[FOLDER] = str(folder)
    # Stopped workers, too, end with whoever started us.
    lifeline.hold(lambda: os.killpg(0, signal.SIGKILL))
    ports = Served.read(folder).ports
    processes = len(ports) - 1
    pyuwsgi.run([
        f"--module={_MODULE}",
        "--need-app",
        "--master",
        f"--processes={processes}",
        f"--threads={_THREADS}",
        "--enable-threads",
        f"--buffer-size={LONGEST_HEADERS}",
        *(f"--http-socket={HOST}:{port}" for port in ports),
        *(f"--map-socket={n}:{n + 1}" for n in range(processes)),
        # One that has died is replaced at once, however often.
        "--forkbomb-delay=0",
        "--listen=100",
        "--honour-stdin",
        "--disable-logging",
        "--skip-atexit",
        "--skip-atexit-teardown",
        "--add-header=Connection: close",
    ])


if __name__ == "__main__":
    main()
