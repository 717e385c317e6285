# SPDX-License-Identifier: Apache-2.0
"""The client token of a request: protocol section 1."""

from __future__ import annotations

import re
import typing as ty

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import headers as names

_TOKEN = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}")
# RFC 8941 section 3.3.3: a quote or a backslash inside is escaped by one.
_STRING = r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"'
_ESCAPED = re.compile(r'\\(["\\])')
# RFC 8941 sections 3.1.2 and 3.3: parameters, and what they may be.
_KEY = r"[a-z*][a-z0-9_\-.*]*"
_BARE_ITEM = "|".join(
    (
        r"-?[0-9]{1,12}\.[0-9]{1,3}",
        r"-?[0-9]{1,15}",
        _STRING.replace("(", "(?:", 1),
        r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*",
        r":[A-Za-z0-9+/=]*:",
        r"\?[01]",
    )
)
_PARAMETERS = rf"(?:; *{_KEY}(?:=(?:{_BARE_ITEM}))?)*+"
# One value of Idempotency-Key, up to the comma before the next one. It never
# backtracks: a header of many blanks would take forever.
_KEY_VALUE = re.compile(
    rf"[ \t]*+(?:{_STRING}{_PARAMETERS}[ \t]*+|([^\",][^,]*+))(?:,|\Z)"
)
_LINE_SPACE = " \t"

# RFC 9562 sections 4 and 5.7: 48 bits of time, version 7, variant 10.
_UUID_7 = re.compile(
    r"([0-9A-Fa-f]{8})-([0-9A-Fa-f]{4})-7[0-9A-Fa-f]{3}"
    r"-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}"
)
_COUNT = re.compile(r"[1-9][0-9]{0,5}")


def borne(
    environ: ty.Mapping[str, ty.Any],
    headers: ty.Collection[str] = names.TOKENS,
) -> bool:
    """Tell whether a request carries a client token, valid or not.

    :param environ: the WSGI environment of the request
    :param headers: the names of the headers that count, in any case
    """
    return _bearer(environ, headers) is not None


def given(
    environ: ty.Mapping[str, ty.Any],
    headers: ty.Collection[str] = names.TOKENS,
) -> str | None:
    """Return the client token of a request, None if it has none.

    Source: protocol section 1; draft-ietf-httpapi-idempotency-key-header-07.

    :param environ: the WSGI environment of the request
    :param headers: the names of the headers that count, in any case; others
        are ignored
    :raises errors.BadToken: the header is empty, too long, has other than
        visible ASCII characters, or gives two different tokens
    """
    header = _bearer(environ, headers)
    if header is None:
        return None
    values = _plain if header == names.TOKEN else _plain_or_quoted
    found = set(values(environ[_in_environ(header)]))
    # Servers join a repeated header with a comma, some with a blank after it;
    # so a comma separates values, and no token contains one.
    if len(found) == 1 and _TOKEN.fullmatch(token := found.pop()):
        return token
    raise errors.BadToken(header)


def born(token: str) -> int | None:
    """Return when a token was made, None if its form does not tell.

    Source: protocol section 6; RFC 9562 section 5.7.

    :param token: the client token; a UUID of version 7 tells
    :returns: milliseconds since the epoch, by the clock of its maker
    """
    uuid = _UUID_7.fullmatch(token)
    return None if uuid is None else int(uuid[1] + uuid[2], 16)


def attempt(environ: ty.Mapping[str, ty.Any]) -> int | None:
    """Return which try a request claims to be, None if it does not say.

    :param environ: the WSGI environment of the request
    """
    value = environ.get(_in_environ(names.ATTEMPT), "").strip(_LINE_SPACE)
    return int(value) if _COUNT.fullmatch(value) else None


def _bearer(
    environ: ty.Mapping[str, ty.Any], headers: ty.Collection[str]
) -> str | None:
    """Return the name of the header that counts, None if there is none."""
    listed = {header.lower() for header in headers}
    return next(
        (
            header
            for header in names.TOKENS
            if header.lower() in listed and _in_environ(header) in environ
        ),
        None,
    )


def _in_environ(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


def _plain(line: str) -> list[str]:
    return [value.strip(_LINE_SPACE) for value in line.split(",")]


def _plain_or_quoted(line: str) -> list[str]:
    """Return the values of an Idempotency-Key, [] if one of them is bad."""
    values = []
    place, another = 0, True
    while another:
        found = _KEY_VALUE.match(line, place)
        if found is None:
            return []
        quoted, bare = found.groups()
        if quoted is None:
            values.append(bare.rstrip(_LINE_SPACE))
        else:
            values.append(_ESCAPED.sub(r"\1", quoted))
        place, another = found.end(), found[0].endswith(",")
    return values
