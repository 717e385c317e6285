# SPDX-License-Identifier: Apache-2.0
"""What the clients of a service ask for, and what they were given before."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as ty

from chaos import client
from chaos.client import Client

#: What a body of JSON needs.
JSON: ty.Final = {"Content-Type": "application/json"}


@dataclasses.dataclass(frozen=True)
class Reply:
    """A success.

    :param json: its body, None if it is no JSON
    :param headers: its headers
    """

    json: ty.Any
    headers: ty.Mapping[str, str]


#: Asks a service for something: a method, a path, a body, and headers, of who
#: asks among them. Whoever calls it again makes something else.
Ask = ty.Callable[
    [str, str, ty.Any, ty.Mapping[str, str]], Reply
]


@dataclasses.dataclass(frozen=True)
class Operation(client.Operation):
    """A POST; ``{caller}`` and ``{given}`` in it stand for each caller's own.

    :param inside: below which key of the answer the resource is, if below one
    :param listing: the path of a GET that lists what the caller has made
    :param many: below which key that list is
    :param gives: makes what has to be there, as the caller, and returns its
        id; it must be safe to call again
    :param only_changes: whether it makes nothing
    """

    headers: ty.Mapping[str, str] = dataclasses.field(
        default_factory=lambda: JSON
    )
    inside: str | None = None
    listing: str = ""
    many: str = ""
    gives: ty.Callable[[Ask, Client], str] | None = None
    only_changes: bool = False

    @property
    def changes(self) -> bool:
        """Whether it makes nothing, and changes what is there."""
        return self.only_changes

    def at(self, method: str, client: Client) -> str:
        """Return the path of a request.

        :param method: its method; a GET asks for all that the caller has
        :param client: who sends it
        """
        path: str = _filled(
            self.listing if method == "GET" else self.path, client
        )
        return path

    def asked_by(self, client: Client) -> ty.Any:
        """Return the body that one caller sends.

        :param client: the caller
        """
        return _filled(self.body, client)

    def made_for(self, client: Client, content: bytes) -> str:
        """Return the id of what a successful answer says was made.

        :param client: who got it
        :param content: its body
        """
        if self.only_changes:
            return client.caller
        answer = json.loads(content)
        made: str = (answer[self.inside] if self.inside else answer)[
            self.named_by
        ]
        return made

    def listed_in(self, content: bytes) -> set[str]:
        """Return the ids of all that a list has.

        :param content: the body of the answer to a GET
        """
        return {one[self.named_by] for one in json.loads(content)[self.many]}


def _filled(value: ty.Any, client: Client) -> ty.Any:
    """Return a value with what is the caller's own in its texts and keys."""
    fill = functools.partial(_filled, client=client)
    if isinstance(value, dict):
        return {fill(key): fill(each) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each) for each in value]
    if isinstance(value, str):
        given = value.replace("{given}", client.given)
        return given.replace("{caller}", client.caller)
    return value
