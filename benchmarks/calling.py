# SPDX-License-Identifier: Apache-2.0
"""Requests to Nova's API under uWSGI, one after the other."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as ty
import uuid

import webob
from webob import client

from benchmarks import inside
from benchmarks import requests
from benchmarks import timing
from benchmarks.block import Block


class Caller:
    """Sends requests to a server, each of another user.

    :param port: the server's
    """

    def __init__(self, port: int) -> None:
        self._address = {
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(port),
        }

    def block(self, kind: str, count: int, depth: int) -> Block:
        """Measure requests; their CPU is the server's.

        :param kind: the resource, and "token", "none", "replay" or "get"
        :param count: how many requests
        :param depth: how many frames down the stack they are served
        :raises RuntimeError: one is answered with an error
        """
        calls = [self._prepared(kind, depth) for _ in range(count)]
        before = self._asked(inside.CPU)
        block = timing.block(calls)
        after = self._asked(inside.CPU)
        return dataclasses.replace(block, cpu=after - before)

    def statements(self, kind: str) -> int:
        """Return how many statements a request sends to databases.

        :param kind: as of :meth:`block`
        """
        call = self._prepared(kind, 0)
        before = self._asked(inside.STATEMENTS)
        call()
        return int(self._asked(inside.STATEMENTS) - before)

    def _asked(self, path: str) -> float:
        return float(self._send(webob.Request.blank(path)))

    def _prepared(self, kind: str, depth: int) -> ty.Callable[[], object]:
        """Return a request that needs nothing but to be sent."""
        caller = uuid.uuid4().hex
        resource, _, how = kind.rpartition("-")
        token = uuid.uuid4().hex if how in ("token", "replay") else None
        request = requests.post(resource, caller, token)
        if how == "get":
            made = json.loads(self._send(request))
            request = requests.get(resource, caller, made)
        if how == "replay":
            self._send(request)
            request = requests.post(resource, caller, token)
        request.headers[inside.DEPTH] = str(depth)
        return functools.partial(self._send, request)

    def _send(self, request: webob.Request) -> bytes:
        request.environ.update(self._address)
        answer = request.get_response(client.send_request_app)
        if answer.status_int >= 400:
            raise RuntimeError(f"{answer.status}: {answer.text}")
        content: bytes = answer.body
        return content
