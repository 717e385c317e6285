# SPDX-License-Identifier: Apache-2.0
"""Serve an application.

`python -m embedded.serving MODULE PORT SERVER [PROCESSES THREADS]`; without
the last two it is one process, as what talks in its memory needs.
"""

from __future__ import annotations

import importlib
import sys
import typing as ty

from embedded.platform import GUNICORN
from embedded.platform import LONGEST_HEADERS
from embedded.platform import UWSGI
from embedded.platform import WAITRESS
from embedded.ports import HOST
from embedded.serving import lifeline
from embedded.serving import writers

THREADS = 16


def main() -> None:
    """Serve the module's `application` until somebody ends us."""
    module, port, server, *size = sys.argv[1:]
    # The services parse what they find here as options of their own.
    del sys.argv[1:]
    lifeline.hold()
    writers.begin_immediately()
    processes, threads = (int(number) for number in size or (1, THREADS))
    _SERVERS[server](module, int(port), processes, threads)


def _waitress(module: str, port: int, _processes: int, threads: int) -> None:
    import waitress

    application = importlib.import_module(module).application
    waitress.serve(application, host=HOST, port=port, threads=threads)


def _gunicorn(module: str, port: int, processes: int, threads: int) -> None:
    from gunicorn.app import base

    class Application(base.BaseApplication):  # type: ignore[misc]
        """The module's, loaded by each worker for itself."""

        def load_config(self) -> None:
            self.cfg.set("bind", [f"{HOST}:{port}"])
            self.cfg.set("worker_class", "gthread")
            self.cfg.set("workers", processes)
            self.cfg.set("threads", threads)
            self.cfg.set("limit_request_field_size", LONGEST_HEADERS)

        def load(self) -> ty.Any:
            return importlib.import_module(module).application

    Application().run()


def _uwsgi(module: str, port: int, processes: int, threads: int) -> None:
    import pyuwsgi

    # Each process loads what it serves for itself, and none outlives the one
    # above all of them, which our lifeline ends.
    several = ["--master", "--lazy-apps", "--no-orphans"]
    pyuwsgi.run([
        f"--http-socket={HOST}:{port}",
        f"--module={module}",
        "--need-app",
        f"--processes={processes}",
        f"--threads={threads}",
        *(several if processes > 1 else []),
        "--enable-threads",
        f"--buffer-size={LONGEST_HEADERS}",
        # Else it would start again when it is asked to end.
        "--die-on-term",
        # Nor would it end while a thread of a service waits for work.
        "--skip-atexit",
        "--skip-atexit-teardown",
        # Our lifeline.
        "--honour-stdin",
        # It keeps no connection: so it says, before a client relies on it.
        "--add-header=Connection: close",
    ])


_SERVERS = {WAITRESS: _waitress, UWSGI: _uwsgi, GUNICORN: _gunicorn}

if __name__ == "__main__":
    main()
