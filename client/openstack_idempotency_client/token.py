# SPDX-License-Identifier: Apache-2.0
"""The client token: what a caller may choose, checked before it is sent."""

import dataclasses
import re

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
