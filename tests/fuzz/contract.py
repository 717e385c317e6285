# SPDX-License-Identifier: Apache-2.0
"""Section 1 of the contract, written down a second time.

Character by character and without a regular expression, so that it shares
no mistake with the code that it judges.
"""

from __future__ import annotations

import typing as ty

X_CLIENT_TOKEN = "HTTP_X_CLIENT_TOKEN"
IDEMPOTENCY_KEY = "HTTP_IDEMPOTENCY_KEY"

_BLANKS = (" ", "\t")
_VISIBLE = {chr(code) for code in range(0x21, 0x7F)}
_LONGEST = 255


class Bad(Exception):
    """The headers do not give one token."""


def token(environ: ty.Mapping[str, str]) -> str | None:
    """Return the token that headers give, None if there are none.

    :raises Bad: they do not give exactly one
    """
    given = []
    if X_CLIENT_TOKEN in environ:
        given += [_plain(v) for v in _repeated(environ[X_CLIENT_TOKEN])]
    if IDEMPOTENCY_KEY in environ:
        given += [_key(v) for v in _repeated(environ[IDEMPOTENCY_KEY])]
    if not given:
        return None
    if any(one != given[0] for one in given):
        raise Bad
    return given[0]


def _repeated(line: str) -> list[str]:
    """Return the values of a header that a server may have joined."""
    values = [""]
    for place, character in enumerate(line):
        # Without a blank the comma is a character of a token.
        if character == "," and line[place + 1 : place + 2] in _BLANKS:
            values.append("")
        else:
            values[-1] += character
    return [_trimmed(value) for value in values]


def _trimmed(value: str) -> str:
    first, end = 0, len(value)
    while first < end and value[first] in _BLANKS:
        first += 1
    while end > first and value[end - 1] in _BLANKS:
        end -= 1
    return value[first:end]


def _plain(value: str) -> str:
    if not 1 <= len(value) <= _LONGEST or set(value) - _VISIBLE:
        raise Bad
    return value


def _key(value: str) -> str:
    return _plain(_unquoted(value) if value[:1] == '"' else value)


def _unquoted(value: str) -> str:
    """Parse a string as RFC 8941, section 4.2.5, does."""
    said, rest = [], list(reversed(value[1:]))
    while rest:
        character = rest.pop()
        if character == "\\":
            if not rest or rest[-1] not in ('"', "\\"):
                raise Bad
            said.append(rest.pop())
        elif character == '"':
            if rest:
                raise Bad
            return "".join(said)
        else:
            said.append(character)
    raise Bad
