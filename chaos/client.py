# SPDX-License-Identifier: Apache-2.0
"""Requests with a token to one worker."""

from __future__ import annotations

import dataclasses
import http.client
import json
import typing as ty

from chaos import images
from chaos import schema
from chaos.sabotage import HEADER
from chaos.sabotage import Order

_HEADERS = {
    "Content-Type": "application/json",
    "OpenStack-API-Version": "compute 2.90",
    # What keystone's middleware would set.
    "X-Identity-Status": "Confirmed",
    "X-Roles": "reader,member",
}

#: What went wrong when no answer came.
NO_ANSWER = (OSError, http.client.HTTPException)


@dataclasses.dataclass(frozen=True)
class Operation:
    """What a client asks for, and how its answer names what was made.

    :param path: the POST's path
    :param body: its body
    :param kind: the name of the object in the answer's body
    :param named_by: the field of it that is the resource's id
    """

    path: str
    body: ty.Any
    kind: str
    named_by: str


SERVER = Operation(
    "/v2.1/servers",
    {
        "server": {
            "name": "vm",
            "imageRef": images.IMAGE,
            "flavorRef": schema.FLAVOR,
            "networks": "none",
        }
    },
    "server",
    "id",
)
KEYPAIR = Operation(
    "/v2.1/os-keypairs",
    {"keypair": {"name": "key"}},
    "keypair",
    "name",
)


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer.

    :param status: its status
    :param body: its body
    :param made: the id of what it says was made, None for an error
    :param replayed: whether it is one that was given before
    """

    status: int
    body: bytes
    made: str | None
    replayed: bool

    @property
    def succeeded(self) -> bool:
        """Whether it is no error."""
        return self.status < 400


@dataclasses.dataclass(frozen=True)
class Client:
    """A caller who asks for one thing under one token.

    :param caller: the id of the user, and of the project
    :param operation: what is asked for
    """

    caller: str
    operation: Operation = SERVER

    def post(
        self, port: int, order: Order | None = None, timeout: float = 30.0
    ) -> Answer:
        """Send the POST, and return the answer whatever its status is.

        :param port: of the worker
        :param order: trouble that the worker gets into on the way
        :param timeout: seconds without a byte of an answer
        :raises OSError: no answer came, one of NO_ANSWER
        """
        headers = {"X-Client-Token": "token"}
        if order is not None:
            headers[HEADER] = str(order)
        status, answered, content = self._send(port, "POST", headers, timeout)
        made = None
        if status < 400:
            answer = json.loads(content)[self.operation.kind]
            made = answer[self.operation.named_by]
        replayed = answered.get("Idempotent-Replayed") == "true"
        return Answer(status, content, made, replayed)

    def listed(self, port: int) -> set[str]:
        """Return the ids of all that the caller has, by the API's list.

        :param port: of a worker
        """
        kind = self.operation.kind
        status, _, content = self._send(port, "GET", {}, timeout=30.0)
        if status != 200:
            raise http.client.HTTPException(f"{status}: {content!r}")
        entries = json.loads(content)[kind + "s"]
        return {
            entry.get(kind, entry)[self.operation.named_by]
            for entry in entries
        }

    def _send(
        self, port: int, method: str, headers: dict[str, str], timeout: float
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=timeout
        )
        names = {"X-User-Id": self.caller, "X-Project-Id": self.caller}
        body = json.dumps(self.operation.body) if method == "POST" else None
        try:
            connection.request(
                method, self.operation.path, body, _HEADERS | names | headers
            )
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()
