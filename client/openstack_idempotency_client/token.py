# SPDX-License-Identifier: Apache-2.0
"""The client token: what a caller may choose, and one that tells its age."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import re
import secrets
import typing as ty
import uuid

MAX_LENGTH = 255
_NOT_VISIBLE_ASCII = re.compile(r"[^\x21-\x7E]")
# Servers join the values of a repeated header with it.
_SEPARATOR = ","


class ClientTokenError(ValueError):
    """The text cannot be a client token; the message never repeats it."""


@dataclasses.dataclass(frozen=True)
class ClientToken:
    """1 to 255 visible ASCII characters, no comma, that name one request.

    :raises ClientTokenError: when the text is anything else.
    """

    # Whoever holds the token may have the first answer, passwords included,
    # so it must not show up in a traceback or a log by way of repr().
    value: str = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        if not self.value:
            raise ClientTokenError(
                "the client token is empty; give one of 1 to "
                f"{MAX_LENGTH} characters, for example a UUID"
            )
        if len(self.value) > MAX_LENGTH:
            raise ClientTokenError(
                f"the client token has {len(self.value)} characters; "
                f"shorten it to {MAX_LENGTH} at most"
            )
        if found := _NOT_VISIBLE_ASCII.search(self.value):
            raise ClientTokenError(
                f"character {found.start() + 1} of the client token is not "
                "visible ASCII; use letters, digits and punctuation, "
                "without spaces"
            )
        if _SEPARATOR in self.value:
            place = self.value.index(_SEPARATOR) + 1
            raise ClientTokenError(
                f"character {place} of the client token is a comma, which "
                "no token has; use another character"
            )


def make(now: float) -> ClientToken:
    """Return a new token that tells its age: a UUID of version 7.

    A service refuses such a token when it is too old to be remembered,
    instead of running the request twice (docs/protocol.md, section 6; the
    layout of the bits is RFC 9562's, section 5.7).

    :param now: seconds since the epoch, by the server's clock
    """
    version, variant = 0b0111, 0b10
    number = int(now * 1000) & (1 << 48) - 1
    number = number << 4 | version
    number = number << 12 | secrets.randbits(12)
    number = number << 2 | variant
    number = number << 62 | secrets.randbits(62)
    return ClientToken(str(uuid.UUID(int=number)))


_given: contextvars.ContextVar[ClientToken | None] = contextvars.ContextVar(
    "client_token", default=None
)


@contextlib.contextmanager
def client_token(token: str | ClientToken) -> ty.Iterator[ClientToken]:
    """Let the POSTs of this block carry a token of the caller's choice::

        with client_token("order-4711"):
            conn.compute.create_server(...)

    Other threads, and other tasks of asyncio, are not affected.

    :param token: the token, for one request: a service refuses it for a
        different one
    :raises ClientTokenError: when the text cannot be a token
    """
    chosen = token if isinstance(token, ClientToken) else ClientToken(token)
    before = _given.set(chosen)
    try:
        yield chosen
    finally:
        _given.reset(before)


def given() -> ClientToken | None:
    """Return the token of the block that this code runs in, if any."""
    return _given.get()
