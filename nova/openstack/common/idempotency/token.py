# SPDX-License-Identifier: Apache-2.0
"""The client token of a request: protocol section 1."""

from __future__ import annotations

import re
import typing as ty

from nova.openstack.common.idempotency import errors

HEADER = "X-Client-Token"
_X_CLIENT_TOKEN = "HTTP_X_CLIENT_TOKEN"  # noqa: S105 - a name, no secret
_IDEMPOTENCY_KEY = "HTTP_IDEMPOTENCY_KEY"

_TOKEN = re.compile(r"[\x21-\x7e]{1,255}")
# RFC 8941 section 3.3.3: a quote or a backslash inside is escaped by one.
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_ESCAPED = re.compile(r'\\(["\\])')
# WSGI servers join a repeated header with a comma and a space; a token has
# no space, so this never splits a valid one.
_REPEATED = re.compile(r",[ \t]+")
_LINE_SPACE = " \t"


def borne(environ: ty.Mapping[str, ty.Any]) -> bool:
    """Tell whether a request carries a client token, valid or not.

    :param environ: the WSGI environment of the request
    """
    return _X_CLIENT_TOKEN in environ or _IDEMPOTENCY_KEY in environ


def parse(environ: ty.Mapping[str, ty.Any]) -> str:
    """Return the client token of a request that bears one.

    Source: protocol section 1; draft-ietf-httpapi-idempotency-key-header-07.

    :param environ: the WSGI environment of the request
    :raises errors.BadToken: the header is empty, too long, has other than
        visible ASCII characters, or gives two different tokens
    """
    given = {
        *map(_plain, _values(environ, _X_CLIENT_TOKEN)),
        *map(_plain_or_quoted, _values(environ, _IDEMPOTENCY_KEY)),
    }
    if len(given) != 1:
        raise errors.BadToken
    return given.pop()


def _values(environ: ty.Mapping[str, ty.Any], name: str) -> list[str]:
    if name not in environ:
        return []
    values = _REPEATED.split(environ[name])
    return [value.strip(_LINE_SPACE) for value in values]


def _plain(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise errors.BadToken
    return value


def _plain_or_quoted(value: str) -> str:
    if not value.startswith('"'):
        return _plain(value)
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        raise errors.BadToken
    return _plain(_ESCAPED.sub(r"\1", quoted[1]))
