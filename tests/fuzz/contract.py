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
_VISIBLE = {chr(code) for code in range(0x21, 0x7F)} - {","}
_LONGEST = 255
_DIGITS = set("0123456789")
_LOWER = set("abcdefghijklmnopqrstuvwxyz")
_ALPHA = _LOWER | {letter.upper() for letter in _LOWER}
_ALNUM = _ALPHA | _DIGITS


class Bad(Exception):
    """The headers do not give one token."""


def token(environ: ty.Mapping[str, str]) -> str | None:
    """Return the token that headers give, None if there are none.

    :raises Bad: they do not give exactly one
    """
    if X_CLIENT_TOKEN in environ:
        given = [_trimmed(v) for v in environ[X_CLIENT_TOKEN].split(",")]
    elif IDEMPOTENCY_KEY in environ:
        given = list(_Keys(environ[IDEMPOTENCY_KEY]).values())
    else:
        return None
    if any(one != given[0] for one in given):
        raise Bad
    return _plain(given[0])


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


class _Keys:
    """Reads the values of an Idempotency-Key, as RFC 8941 section 4.2 does.

    :param line: the header
    """

    def __init__(self, line: str) -> None:
        self._line = line
        self._place = 0

    @property
    def _next(self) -> str:
        return self._line[self._place : self._place + 1]

    def _take(self) -> str:
        self._place += 1
        return self._line[self._place - 1 : self._place]

    def _take_all(self, characters: ty.Container[str]) -> str:
        start = self._place
        while self._next and self._next in characters:
            self._place += 1
        return self._line[start : self._place]

    def _must(self, characters: ty.Container[str]) -> str:
        if not self._next or self._next not in characters:
            raise Bad
        return self._take()

    def values(self) -> ty.Iterator[str]:
        """Yield what each value says."""
        while True:
            self._take_all(_BLANKS)
            if self._next == '"':
                value = self._string()
                self._parameters()
                self._take_all(_BLANKS)
            else:
                value = ""
                while self._next and self._next != ",":
                    value += self._take()
                value = _trimmed(value)
            yield value
            if not self._next:
                return
            self._must(",")

    def _string(self) -> str:
        said = []
        self._must('"')
        while self._next != '"':
            if self._next == "\\":
                self._take()
                said.append(self._must(("\\", '"')))
            elif self._next and 0x20 <= ord(self._next) <= 0x7E:
                said.append(self._take())
            else:
                raise Bad
        self._take()
        return "".join(said)

    def _parameters(self) -> None:
        while self._next == ";":
            self._take()
            self._take_all(" ")
            self._must(_LOWER | {"*"})
            self._take_all(_LOWER | _DIGITS | set("_-.*"))
            if self._next == "=":
                self._take()
                self._bare_item()

    def _bare_item(self) -> None:
        if self._next == '"':
            self._string()
        elif self._next == "?":
            self._take()
            self._must("01")
        elif self._next == ":":
            self._take()
            self._take_all(_ALNUM | set("+/="))
            self._must(":")
        elif self._next == "-" or self._next in _DIGITS:
            self._number()
        else:
            self._must(_ALPHA | {"*"})
            self._take_all(_ALNUM | set("!#$%&'*+-.^_`|~:/"))

    def _number(self) -> None:
        if self._next == "-":
            self._take()
        whole = self._take_all(_DIGITS)
        if not 1 <= len(whole) <= 15:
            raise Bad
        if self._next == ".":
            self._take()
            part = self._take_all(_DIGITS)
            if len(whole) > 12 or not 1 <= len(part) <= 3:
                raise Bad
