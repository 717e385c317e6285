# SPDX-License-Identifier: Apache-2.0
"""Answers what can only be known inside of a server."""

from __future__ import annotations

import functools
import time
import typing as ty

import sqlalchemy as sa

from benchmarks import depth

#: The paths of what it answers.
CPU: ty.Final = "/benchmarks/cpu"
STATEMENTS: ty.Final = "/benchmarks/statements"
#: Says how many frames further down the stack a request is served.
DEPTH: ty.Final = "X-Depth"
_DEPTH = "HTTP_X_DEPTH"


class Inside:
    """A WSGI middleware.

    :param application: what it is round
    """

    def __init__(self, application: ty.Any) -> None:
        self._application = application
        self._statements = 0
        sa.event.listen(sa.Engine, "before_cursor_execute", self._count)

    def __call__(
        self, environ: dict[str, ty.Any], start_response: ty.Any
    ) -> ty.Iterable[bytes]:
        """Answer a request, or let it be answered further down."""
        match environ["PATH_INFO"]:
            case str(path) if path == CPU:
                return _told(time.process_time(), start_response)
            case str(path) if path == STATEMENTS:
                return _told(self._statements, start_response)
        call = functools.partial(self._application, environ, start_response)
        further = int(environ.get(_DEPTH, 0))
        answer: ty.Iterable[bytes] = depth.at(further, call)
        return answer

    def _count(self, *_: ty.Any) -> None:
        self._statements += 1


def _told(value: float, start_response: ty.Any) -> list[bytes]:
    text = str(value).encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]
