# SPDX-License-Identifier: Apache-2.0
"""Whose a token is, and for what: protocol section 2."""

from __future__ import annotations

import dataclasses
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Scope:
    """What a token belongs to; in another scope it is another token.

    :param project_id: the caller's project, None for a token without one
    :param user_id: the caller
    :param target: method and path, see :func:`target`
    :param domain_id: the domain that the caller acts for, if for one
    :param system_scope: the part of the system that the caller acts for, if
        for one
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
