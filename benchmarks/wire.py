# SPDX-License-Identifier: Apache-2.0
"""Counts round trips on the wire, whatever driver makes them."""

from __future__ import annotations

import contextlib
import socket
import threading
import typing as ty

import sqlalchemy as sa


class Wire:
    """A way to a database server that counts what goes there.

    A round trip is a turn of the conversation: bytes of the client after
    bytes of the server, or the first ones.

    :param host: the server's
    :param port: the server's
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.trips = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                turn = threading.Event()
                turn.set()
                for pair in ((client, server, turn), (server, client, turn)):
                    threading.Thread(
                        target=self._carry,
                        args=(*pair, pair[0] is client),
                        daemon=True,
                    ).start()

    def _carry(
        self,
        source: socket.socket,
        target: socket.socket,
        turn: threading.Event,
        asks: bool,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not asks:
                    turn.set()
                elif turn.is_set():
                    turn.clear()
                    with self._lock:
                        self.trips += 1
                target.sendall(data)


@contextlib.contextmanager
def tapped(url: sa.URL) -> ty.Iterator[tuple[sa.URL, Wire]]:
    """Give another address of a database, and what counts there.

    :param url: the database
    """
    default = 5432 if url.get_backend_name() == "postgresql" else 3306
    wire = Wire(url.host or "127.0.0.1", url.port or default)
    try:
        yield url.set(host="127.0.0.1", port=wire.port), wire
    finally:
        wire.close()
