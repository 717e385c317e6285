# SPDX-License-Identifier: Apache-2.0
"""Requests and answers as a WSGI server hands them over (PEP 3333)."""

from __future__ import annotations

import dataclasses
import io
import re
import sys
import typing as ty
import urllib.parse

from nova.tests import fixtures as nova_fixtures

#: What an application raised instead of answering.
RAISED = 0

_CALLER = {
    "HTTP_X_AUTH_USER": "admin",
    "HTTP_X_USER_ID": "admin",
    "HTTP_X_AUTH_PROJECT_ID": nova_fixtures.PROJECT_ID,
    "HTTP_X_ROLES": "reader,member,admin",
}
_SERVER = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "fuzz",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
_SHOWN = 4000
# With one of these a header would end early, and another one begin.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclasses.dataclass(frozen=True)
class Request:
    """A request.

    :param path: its path, percent escapes and all
    :param method: its method
    :param query: its query string
    :param body: its body
    :param environ: what is otherwise in the environment; None: is not there
    """

    path: str
    method: str = "POST"
    query: str = ""
    body: bytes = b""
    environ: ty.Mapping[str, ty.Any] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        # Without what a failure's report cannot show anyway.
        shown = [self.method, self.path, self.query, self.environ]
        return f"Request({shown}, {self.body[:_SHOWN]!r}, {len(self.body)})"

    def bearing(self, environ: ty.Mapping[str, ty.Any]) -> Request:
        """Return the same with more in its environment."""
        added = {**self.environ, **environ}
        return dataclasses.replace(self, environ=added)

    def as_environ(self) -> dict[str, ty.Any]:
        """Return the environment that a server makes of it."""
        path = urllib.parse.unquote_to_bytes(self.path.encode("latin-1"))
        made = {
            **_SERVER,
            **_CALLER,
            "REQUEST_METHOD": self.method,
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": self.query,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": sys.stderr,
            **self.environ,
        }
        return {name: v for name, v in made.items() if v is not None}


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer, or RAISED and the name of the error.

    :param status: its status
    :param headers: name and value pairs, in order
    :param body: its body
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        if len(found) > 1:
            raise AssertionError(f"{name} is given {len(found)} times")
        return found[0] if found else None


def call(app: ty.Any, request: Request) -> Answer:
    """Return an application's answer.

    :raises AssertionError: no server could send that answer
    """
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: ty.Any, exc_info: ty.Any = None) -> None:
        began.append((status, list(headers)))

    try:
        chunks = app(request.as_environ(), start)
        body = b"".join(chunks)
    except Exception as exc:
        return Answer(RAISED, (), type(exc).__name__.encode())
    status, headers = began[-1]
    for text in (status, *(part for pair in headers for part in pair)):
        if not isinstance(text, str) or _CONTROL.search(text):
            raise AssertionError(f"no server can send the header {text!r}")
        text.encode("latin-1")
    return Answer(int(status[:3]), tuple(headers), body)
