# SPDX-License-Identifier: Apache-2.0
"""A relay of TCP connections that can be cut and mended."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
import typing as ty

_CHUNK = 65536


class Relay:
    """Passes on what comes to a port of the loopback, from its start on.

    :param host: where to
    :param port: which port there
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        #: Where clients connect; the same after it was cut and mended.
        self.port = 0
        self.mend()

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        with self._lock:
            broken, self._open = self._open, set()
            listener, self._listener = self._listener, None
        if listener is not None:
            broken.add(listener)
        for connection in broken:
            # Wakes the thread that waits for it, as closing it would not.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def mend(self) -> None:
        """Take connections again."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        with self._lock:
            self._listener = listener
        self._spawn(self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        # It ends when the listener is closed.
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._spawn(self._join, listener, client)

    def _join(self, listener: socket.socket, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        with self._lock:
            # Cut since it was accepted: too late for this one.
            late = self._listener is not listener
            if not late:
                self._open |= {client, server}
        if late:
            client.close()
            server.close()
            return
        self._spawn(self._pump, client, server)
        self._pump(server, client)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                sink.sendall(chunk)
        with self._lock:
            self._open -= {source, sink}
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _spawn(self, work: ty.Callable[..., None], *what: ty.Any) -> None:
        threading.Thread(target=work, args=what, daemon=True).start()
