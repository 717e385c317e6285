# SPDX-License-Identifier: Apache-2.0
"""Nova's API of one host under uWSGI, as operators serve it.

It prints its port when it can answer.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys

THREADS = 16


def main() -> None:
    """Serve until somebody ends us."""
    import pyuwsgi

    parser = argparse.ArgumentParser()
    parser.add_argument("--history", required=True)
    history = parser.parse_args().history
    # Nova parses options of its own here.
    sys.argv[:] = ["nova-api"]
    port = _free()
    os.environ["BENCHMARKS_HISTORY"] = history
    # uWSGI makes a log of what is printed.
    os.environ["BENCHMARKS_OUTPUT"] = str(os.dup(sys.stdout.fileno()))
    os.environ["BENCHMARKS_PORT"] = str(port)
    pyuwsgi.run([
        f"--http-socket=127.0.0.1:{port}",
        "--module=benchmarks.wsgi",
        "--need-app",
        f"--threads={THREADS}",
        "--enable-threads",
        "--listen=128",
        # Else each request would be a line of the log.
        "--disable-logging",
        "--buffer-size=65535",
        "--die-on-term",
        "--honour-stdin",
        "--add-header=Connection: close",
    ])


def _free() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


if __name__ == "__main__":
    main()
