# SPDX-License-Identifier: Apache-2.0
"""Nova's API of one host, served in one of the ways that operators use.

It prints its port when it answers, and ends when its input is closed.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
from pathlib import Path
import signal
import socket
import sys
import traceback
import typing as ty
from wsgiref import simple_server

from benchmarks import networks
from chaos import casts
from chaos import images
from chaos import placement
from chaos.history import History
from nova import monkey_patch


def main() -> None:
    """Serve until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--history", type=Path, required=True)
    arguments = parser.parse_args()
    # Nova parses options of its own here.
    sys.argv[:] = ["nova-api"]
    application = load(arguments.history)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    serve = _single
    if arguments.threads > 1:
        serve = functools.partial(_threaded, threads=arguments.threads)
    for _ in range(arguments.processes):
        if os.fork() == 0:
            try:
                serve(application, listener)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


def _threaded(
    application: ty.Any, listener: socket.socket, threads: int
) -> None:
    """Serve on so many threads of one process."""
    import waitress

    waitress.serve(application, sockets=[listener], threads=threads)


class _Server(simple_server.WSGIServer):
    """Takes a connection only when it has nothing else to do.

    :param listener: is shared with other processes
    """

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(
            ("127.0.0.1", 0), _Handler, bind_and_activate=False
        )
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()
        self.setup_environ()


class _Handler(simple_server.WSGIRequestHandler):
    """Says nothing, and knows no names."""

    def log_message(self, *_: ty.Any) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        """Return the client's address."""
        return str(self.client_address[0])


def _single(application: ty.Any, listener: socket.socket) -> None:
    """Serve one request at a time, and say so in wsgi.multithread."""
    server = _Server(listener)
    server.set_app(application)
    while True:
        with contextlib.suppress(ConnectionError):
            server.handle_request()


def load(history: Path) -> ty.Any:
    """Return Nova's WSGI application, as its nova.conf says.

    :param history: gets what would go to placement
    """
    # First: later, parts of Nova have already chosen another kind of thread.
    monkey_patch.patch(backend="threading")
    images.stand_in()
    networks.stand_in()
    placement.stand_in(History(history))
    casts.to("benchmarks")
    from benchmarks import gate
    from nova.wsgi.osapi_compute import application

    return gate.Held(application)


if __name__ == "__main__":
    main()
