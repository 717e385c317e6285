# SPDX-License-Identifier: Apache-2.0
"""The Redis that some peers keep their records in."""

from __future__ import annotations

import socket
import typing as ty

_ADDRESS = ("127.0.0.1", 6379)
#: Where it is.
URL: ty.Final = f"redis://{_ADDRESS[0]}:{_ADDRESS[1]}"


def answers() -> bool:
    """Tell whether it is there."""
    try:
        with socket.create_connection(_ADDRESS, timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False
