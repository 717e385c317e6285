# SPDX-License-Identifier: Apache-2.0
"""Calls to an API in this process, without a server or a network between."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as ty
import uuid

import sqlalchemy as sa
import webob

from benchmarks import requests
from benchmarks import timing


class Caller:
    """Sends requests to an application, each of another user.

    :param application: Nova's, by WSGI
    """

    def __init__(self, application: ty.Any) -> None:
        self._application = application
        self._statements = 0
        sa.event.listen(sa.Engine, "before_cursor_execute", self._count)

    def obey(self, line: str) -> ty.Any:
        """Do what a line of the input says, and return the answer."""
        if line.startswith("statements "):
            return self._counted(line.split()[1])
        kind, count, depth = line.split()
        calls = [self._prepared(kind) for _ in range(int(count))]
        return dataclasses.asdict(timing.block(calls, int(depth)))

    def _counted(self, kind: str) -> int:
        call = self._prepared(kind)
        before = self._statements
        call()
        return self._statements - before

    def _count(self, *_: ty.Any) -> None:
        self._statements += 1

    def _prepared(self, kind: str) -> ty.Callable[[], object]:
        """Return a request that needs nothing but to be sent."""
        caller = uuid.uuid4().hex
        resource, _, how = kind.rpartition("-")
        token = uuid.uuid4().hex if how in ("token", "replay") else None
        post = requests.post(resource, caller, token)
        if how == "get":
            made = json.loads(self._send(post))
            return self._sent(requests.get(resource, caller, made))
        if how == "replay":
            self._send(post)
            post = requests.post(resource, caller, token)
        return self._sent(post)

    def _sent(self, request: webob.Request) -> ty.Callable[[], object]:
        return functools.partial(self._send, request)

    def _send(self, request: webob.Request) -> bytes:
        answer = request.get_response(self._application)
        if answer.status_int >= 400:
            raise RuntimeError(f"{answer.status}: {answer.text}")
        content: bytes = answer.body
        return content
