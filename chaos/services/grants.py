# SPDX-License-Identifier: Apache-2.0
"""What callers of a service are given before they begin, by the service."""

from __future__ import annotations

import dataclasses
import http.client
import json
import typing as ty

from chaos import client
from chaos.client import Client
from chaos.hosts import wait_until
from chaos.services.asking import JSON
from chaos.services.asking import Operation
from chaos.services.asking import Reply
from chaos.services.row import Row

# Seconds: longer than the database is down, on a machine that is busy.
_PATIENCE = 120.0
_TIMEOUT = 30.0
_EVERY = 0.3


class _Failed(Exception):
    """It was not done, or nobody knows."""


class Grants:
    """Asks a worker that is in no trouble.

    :param row: what is known of the service
    :param port: the worker's
    """

    def __init__(self, row: Row, port: int) -> None:
        self._port = port
        self._known = row.who(self._ask)

    def give(self, client: Client) -> Client:
        """Return a caller whom the service knows, and who has what it needs.

        :param client: who has nothing yet
        """
        ready: list[Client] = []

        def given() -> bool:
            try:
                ready.append(self._equipped(client))
            except _Failed:
                return False
            return True

        wait_until(given, "a caller is equipped", _EVERY, _PATIENCE)
        return ready[-1]

    def _equipped(self, client: Client) -> Client:
        known = self._known(client)
        operation = ty.cast("Operation", known.operation)
        if operation.gives is None:
            return known
        given = operation.gives(self._ask, known)
        return dataclasses.replace(known, given=given)

    def _ask(
        self, method: str, path: str, body: ty.Any, who: ty.Mapping[str, str]
    ) -> Reply:
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body)
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=_TIMEOUT
        )
        try:
            connection.request(method, path, data, {**JSON, **who})
            answer = connection.getresponse()
            content = answer.read()
        except client.NO_ANSWER as exc:
            raise _Failed from exc
        finally:
            connection.close()
        if answer.status >= 400:
            raise _Failed(f"{method} {path}: {answer.status} {content!r}")
        shown = content and answer.headers.get_content_subtype() == "json"
        return Reply(
            json.loads(content) if shown else None,
            dict(answer.getheaders()),
        )
