# SPDX-License-Identifier: Apache-2.0
"""Which request a token belongs to, and what it asks: protocol section 2."""

from __future__ import annotations

import dataclasses
import json
import typing as ty
import urllib.parse

from nova.openstack.common.idempotency import errors


@dataclasses.dataclass(frozen=True)
class Scope:
    """Whom and what a token belongs to; the same token elsewhere is another.

    :param project_id: the caller's project, None for a token without one
    :param user_id: the caller
    :param target: method and path, see :func:`target`
    :param domain_id: the domain of a token for a domain
    :param system_scope: the system of a token for a system
    """

    project_id: str | None
    user_id: str | None
    target: str
    domain_id: str | None = None
    system_scope: str | None = None


def target(method: str, path: str, project_id: str | None) -> str:
    """Return the target of a request: its method and its path, quoted.

    :param method: the HTTP method
    :param path: the path below the API version prefix, as WSGI gives it
        (percent escapes undone, a character for each byte)
    :param project_id: the project that the path names, if it names one; the
        segment is left out, since both forms are one target
    """
    segments = [segment for segment in path.split("/") if segment]
    if project_id is not None and segments[:1] == [project_id]:
        del segments[0]
    path = urllib.parse.quote("/".join(segments), encoding="latin-1")
    return f"{method} /{path}"


def canonical(query: str, version: str, body: ty.Any) -> bytes:
    """Return bytes that are equal for equal requests, and only for those.

    Numbers are compared by value (1, 1.0 and 1e0 are one JSON number);
    key order, white space and escapes do not count.

    :param query: the query string as it was sent
    :param version: the effective microversion
    :param body: the parsed JSON body, before a controller changes it
    :raises errors.BodyTooDeep: the body is nested too deeply
    """
    try:
        return json.dumps(
            [query, version, _by_value(body)],
            sort_keys=True,
            separators=(",", ":"),
        ).encode("ascii")
    except RecursionError as exc:
        raise errors.BodyTooDeep from exc


def _by_value(value: ty.Any) -> ty.Any:
    if isinstance(value, dict):
        return {key: _by_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_by_value(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
