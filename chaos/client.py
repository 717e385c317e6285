# SPDX-License-Identifier: Apache-2.0
"""Requests with a token to one worker."""

from __future__ import annotations

import dataclasses
import http.client
import json
import typing as ty
import uuid

from chaos import images
from chaos import schema
from chaos import states
from chaos.sabotage import HEADER
from chaos.sabotage import Order

_HEADERS: ty.Final = {
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
    :param count: how many resources it makes
    :param refusal: the status with which it must be refused, if it must
    :param grouped: whether its servers join a group of the caller's
    :param quota: what the caller may have no more of
    :param headers: the headers of its requests
    :param before: the errors that the service makes before it comes to tokens
    :param loses: whether its answer is lost with its worker, as nobody can
        tell then that all was done
    """

    path: str
    body: ty.Any
    kind: str
    named_by: str
    count: int = 1
    refusal: int | None = None
    grouped: bool = False
    quota: str | None = None
    headers: ty.Mapping[str, str] = dataclasses.field(
        default_factory=lambda: _HEADERS
    )
    before: ty.Collection[int] = ()
    loses: bool = False

    @property
    def changes(self) -> bool:
        """Whether it makes nothing, and changes what is there."""
        return False

    def at(self, method: str, client: Client) -> str:
        """Return the path of a request.

        :param method: its method; a GET asks for all that the caller has
        :param client: who sends it
        """
        return self.path

    def asked_by(self, client: Client) -> ty.Any:
        """Return the body that one caller sends.

        :param client: the caller
        """
        if not self.grouped:
            return self.body
        hints = {"group": group_of(client.caller)}
        return {**self.body, "os:scheduler_hints": hints}

    def made_for(self, client: Client, content: bytes) -> str:
        """Return the id of what a successful answer says was made.

        :param client: who got it
        :param content: its body
        """
        made: str = json.loads(content)[self.kind][self.named_by]
        return made

    def listed_in(self, content: bytes) -> set[str]:
        """Return the ids of all that a list has.

        :param content: the body of the answer to a GET
        """
        return {
            entry.get(self.kind, entry)[self.named_by]
            for entry in json.loads(content)[self.kind + "s"]
        }


def group_of(caller: str) -> str:
    """Return the id of the server group that one caller has.

    :param caller: the caller
    """
    return str(uuid.UUID(caller))


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
    :param made: the id of what it says was made, if only in part; None for
        any other error
    :param replayed: whether it is one that was given before
    :param state: what it says of its token, None if it says nothing
    :param later: whether it says when to come back
    :param before: whether the service made it before it came to tokens
    """

    status: int
    body: bytes
    made: str | None
    replayed: bool
    state: str | None = None
    later: bool = False
    before: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether it is no error, or the one that has to be expected."""
        return self.made is not None

    @property
    def fault(self) -> str | None:
        """What it has that its state forbids; None if it has a right state."""
        if self.state is None:
            return None if self.before else "has no state"
        return states.fault(
            self.status, self.state, replayed=self.replayed, later=self.later
        )


@dataclasses.dataclass(frozen=True)
class Client:
    """A caller who asks for one thing under one token.

    :param caller: the id of the user, and of the project
    :param operation: what is asked for
    :param tokened: whether there is a token
    :param who: the headers that say who the caller is; those that
        keystone's middleware would set, if there are none
    :param given: the id of what the caller was given before
    """

    caller: str
    operation: Operation = SERVER
    tokened: bool = True
    who: ty.Mapping[str, str] = dataclasses.field(default_factory=dict)
    given: str = ""

    def post(
        self, port: int, order: Order | None = None, timeout: float = 30.0
    ) -> Answer:
        """Send the POST, and return the answer whatever its status is.

        :param port: of the worker
        :param order: trouble that the worker gets into on the way
        :param timeout: seconds without a byte of an answer
        :raises OSError: no answer came, one of NO_ANSWER
        """
        headers = {"X-Client-Token": "token"} if self.tokened else {}
        if order is not None:
            headers[HEADER] = str(order)
        status, answered, content = self._send(port, "POST", headers, timeout)
        state = answered.get("X-Client-Token-State")
        made, lost = None, self.operation.loses and state == "answer-lost"
        if status < 400 or lost:
            made = self.operation.made_for(self, content)
        return Answer(
            status,
            content,
            made,
            replayed=answered.get("Idempotent-Replayed") == "true",
            state=state,
            later="Retry-After" in answered,
            before=state is None and status in self.operation.before,
        )

    def listed(self, port: int) -> set[str]:
        """Return the ids of all that the caller has, by the API's list.

        :param port: of a worker
        """
        status, _, content = self._send(port, "GET", {}, timeout=30.0)
        if status != 200:
            raise http.client.HTTPException(f"{status}: {content!r}")
        return self.operation.listed_in(content)

    def get(self, port: int, timeout: float = 30.0) -> int:
        """Ask for the list of what the caller has; return its status.

        :param port: of a worker
        :param timeout: seconds without a byte of an answer
        :raises OSError: no answer came, one of NO_ANSWER
        """
        return self._send(port, "GET", {}, timeout)[0]

    def _send(
        self, port: int, method: str, headers: dict[str, str], timeout: float
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=timeout
        )
        names = {"X-User-Id": self.caller, "X-Project-Id": self.caller}
        all_ = {**self.operation.headers, **(self.who or names), **headers}
        asked = self.operation.asked_by(self) if method == "POST" else None
        body = None if asked is None else json.dumps(asked)
        try:
            path = self.operation.at(method, self)
            connection.request(method, path, body, all_)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()
