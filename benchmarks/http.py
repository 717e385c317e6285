# SPDX-License-Identifier: Apache-2.0
"""Requests to an API, each on a connection of its own."""

from __future__ import annotations

import contextlib
import dataclasses
from http import client
import json
import time

from benchmarks import requests

_PATIENCE = 60.0


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer.

    :param status: its status
    :param state: what it says of the token, None if nothing
    :param later: seconds after which to come back, if it says so
    :param seconds: what it took
    """

    status: int
    state: str | None
    later: float | None
    seconds: float


def boot(
    port: int, caller: str, token: str | None, **headers: str
) -> Answer:
    """Ask for a server.

    :param port: of the API
    :param caller: the id of the user, and of the project
    :param token: the client token, if there is one
    :param headers: more of them, with _ for -
    """
    more = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(requests.BODIES["servers"])
    more |= requests.headers(caller, token)
    return _send(port, "POST", "/v2.1/servers", body, more)


def flavors(port: int, caller: str) -> Answer:
    """Ask for the flavors: a small request that reads the API database.

    :param port: of the API
    :param caller: the id of the user, and of the project
    """
    return _send(port, "GET", "/v2.1/flavors", None, requests.headers(caller))


def _send(
    port: int,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
) -> Answer:
    began = time.perf_counter()
    connection = client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
    later = answer.getheader("Retry-After")
    return Answer(
        answer.status,
        answer.getheader("X-Client-Token-State"),
        float(later) if later else None,
        time.perf_counter() - began,
    )
