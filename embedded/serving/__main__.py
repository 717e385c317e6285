# SPDX-License-Identifier: Apache-2.0
"""Serve an application: `python -m embedded.serving MODULE PORT SERVER`."""

from __future__ import annotations

import importlib
import sys

from embedded.platform import UWSGI
from embedded.platform import WAITRESS
from embedded.ports import HOST
from embedded.serving import lifeline
from embedded.serving import writers

THREADS = 16
# Tokens and catalogs make headers longer than uWSGI expects.
LONGEST_HEADERS = 65535


def main() -> None:
    """Serve the module's `application` until somebody ends us."""
    module, port, server = sys.argv[1:]
    # The services parse what they find here as options of their own.
    del sys.argv[1:]
    lifeline.hold()
    writers.begin_immediately()
    _SERVERS[server](module, int(port))


def _waitress(module: str, port: int) -> None:
    import waitress

    application = importlib.import_module(module).application
    waitress.serve(application, host=HOST, port=port, threads=THREADS)


def _uwsgi(module: str, port: int) -> None:
    import pyuwsgi

    # One process: Nova's services talk to each other in its memory.
    pyuwsgi.run([
        f"--http-socket={HOST}:{port}",
        f"--module={module}",
        "--need-app",
        f"--threads={THREADS}",
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


_SERVERS = {WAITRESS: _waitress, UWSGI: _uwsgi}

if __name__ == "__main__":
    main()
