# SPDX-License-Identifier: Apache-2.0
"""What can happen to a request on its way, or to the client that sent it."""

from __future__ import annotations

import contextlib
import dataclasses
from email.message import Message
import enum
import io
import json
import select
import socket
import struct
import typing as ty

TOKEN_HEADER = "X-Client-Token"


class Where(enum.Enum):
    """When it happens."""

    NEVER = "never"
    BEFORE = "before the request arrives"
    LATE = "before the request arrives, which it does after its retry"
    RUNNING = "while the request runs"
    AFTER = "when the request has run"


class End(enum.Enum):
    """How the connection ends."""

    WELL = "as ever"
    DROPPED = "closed"
    RESET = "reset"
    SILENT = "open until the client gives up"
    BY_GATEWAY = "with an answer of the gateway's own"


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A request to the API.

    :param who: the client, where it says that
    :param method: how
    :param path: for what, with the query
    :param headers: the request's
    :param body: the request's
    """

    who: str
    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def token(self) -> str:
        """The client token; empty without one."""
        return str(self.headers.get(TOKEN_HEADER, ""))

    @property
    def name(self) -> str:
        """What the resource that is asked for is to be called."""
        if not self.body:
            return ""
        (asked,) = json.loads(self.body).values()
        return str((asked or {}).get("name", ""))


@dataclasses.dataclass(frozen=True)
class Trouble:
    """What happens to one request.

    :param where: when it happens
    :param how: how the connection ends then
    :param share: how much of the answer the client gets, where it ends after
        the answer has begun
    :param status: of the gateway's own answer
    :param kills: whether the client is killed first
    """

    where: Where
    how: End
    share: float = 1.0
    status: int = 503
    kills: bool = False

    def __str__(self) -> str:
        if self.where is Where.NEVER:
            when = f"after {self.share:.0%} of the answer"
        else:
            when = self.where.value
        if self.kills:
            return f"client killed {when}"
        if self.how is End.BY_GATEWAY:
            return f"{self.status} of the gateway {when}"
        return f"connection {self.how.value} {when}"

    def end(
        self, connection: socket.socket, files: ty.Iterable[io.IOBase]
    ) -> None:
        """End a connection with a client.

        :param connection: the connection
        :param files: what reads from it and writes to it
        """
        if self.how is End.BY_GATEWAY:
            _send(connection, self.status)
        elif self.how is End.SILENT:
            # Readable: the client closed it, or is dead.
            select.select([connection], [], [])
        elif self.how is End.DROPPED:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        elif self.how is End.RESET:
            # With no time to linger, closing it sends a reset.
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            for file in files:
                file.close()
            connection.close()


PASS = Trouble(Where.NEVER, End.WELL)


def _send(connection: socket.socket, status: int) -> None:
    text = b"<html>gateway</html>"
    lines = (
        f"HTTP/1.1 {status} Gateway", f"Content-Length: {len(text)}",
        "Content-Type: text/html", "Connection: close", "", "",
    )  # fmt: skip
    # It may have gone away.
    with contextlib.suppress(OSError):
        connection.sendall("\r\n".join(lines).encode() + text)
