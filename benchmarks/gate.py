# SPDX-License-Identifier: Apache-2.0
"""Holds a request inside a server until it is let go."""

from __future__ import annotations

import contextlib
import contextvars
from pathlib import Path
import socket
import typing as ty

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point

HEADER = "X-Held-By"
_ENVIRON = "HTTP_X_HELD_BY"
_PATIENCE = 30.0

_held_by: contextvars.ContextVar[str] = contextvars.ContextVar(
    "held_by", default=""
)


class Held:
    """A WSGI middleware: a request that names a gate waits there.

    It waits with its token claimed, before the operation begins.

    :param application: what it is round
    """

    def __init__(self, application: ty.Any) -> None:
        self._application = application
        points.arm(_wait)

    def __call__(
        self, environ: dict[str, ty.Any], start_response: ty.Any
    ) -> ty.Iterable[bytes]:
        """Serve a request."""
        _held_by.set(environ.get(_ENVIRON, ""))
        answer: ty.Iterable[bytes] = self._application(environ, start_response)
        return answer


def _wait(point: Point) -> None:
    path = _held_by.get()
    if path and point is Point.BEFORE_METHOD:
        with socket.socket(socket.AF_UNIX) as gate:
            gate.connect(path)
            gate.recv(1)  # nothing comes: the other side closes


class Gate:
    """One gate, on the side of whoever opens it.

    :param path: its socket
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(_PATIENCE)
        self._listener.bind(str(path))
        self._listener.listen()

    @contextlib.contextmanager
    def shut(self) -> ty.Iterator[None]:
        """Wait until a request has come; let it go in the end.

        :raises TimeoutError: none comes
        """
        waiting, _ = self._listener.accept()
        with waiting:
            yield

    def close(self) -> None:
        """Remove it."""
        self._listener.close()
        self.path.unlink()
