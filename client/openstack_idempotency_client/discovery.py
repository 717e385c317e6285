# SPDX-License-Identifier: Apache-2.0
"""What a cloud says of tokens: GET /os-client-tokens."""

from __future__ import annotations

import dataclasses
import typing as ty

from keystoneauth1 import exceptions
import requests

from openstack_idempotency_client import outcome
from openstack_idempotency_client.token import ClientToken

PATH = "/os-client-tokens"

# How the look-up is asked: with these headers, and this query.
Ask: ty.TypeAlias = ty.Callable[
    [dict[str, str], dict[str, str]], requests.Response
]


@dataclasses.dataclass(frozen=True)
class LookUp:
    """What the look-up said (docs/protocol.md, section 8).

    :param keeps_tokens: whether the cloud keeps tokens; none if it did not
        say: there was no answer, or not one of the look-up
    :param retry_safe: whether its operator says that every host keeps them
    :param token_ttl: for how many seconds it keeps one
    :param uses: what the caller did with the token that was asked for
    :param date: the server's time, as its header says it
    """

    keeps_tokens: bool | None = None
    retry_safe: bool = False
    token_ttl: int | None = None
    uses: tuple[dict[str, ty.Any], ...] = ()
    date: str | None = None

    @property
    def answered(self) -> bool:
        """Tell whether the cloud said anything of tokens."""
        return self.keeps_tokens is not None

    @property
    def running(self) -> bool:
        """Tell whether a request with the token still runs."""
        return any(use.get("state") == "running" for use in self.uses)


def look_up(
    ask: Ask, token: ClientToken | None = None, wait: float = 0.0
) -> LookUp:
    """Ask the cloud, and return what it said.

    :param ask: sends the GET
    :param token: the one to ask for; without it, only what the cloud promises
    :param wait: seconds that the answer may take while the request runs
    """
    headers = {outcome.HEADER: token.value} if token else {}
    query = {} if token else {"limit": "1"}
    if wait >= 1:
        query["wait"] = str(int(wait))
    try:
        return understand(ask(headers, query))
    except exceptions.ClientException:
        return LookUp()


def understand(answer: requests.Response) -> LookUp:
    """Return what an answer of the look-up says.

    A 404 is a cloud without client tokens; any other answer that is not the
    look-up's says nothing at all.

    :param answer: as it came
    """
    date = answer.headers.get("Date")
    if answer.status_code == 404:
        return LookUp(keeps_tokens=False, date=date)
    if answer.status_code != 200:
        return LookUp(date=date)
    try:
        body = answer.json()
    except requests.exceptions.JSONDecodeError:
        return LookUp(date=date)
    if not isinstance(body, dict) or "retry_safe" not in body:
        return LookUp(date=date)
    uses = body.get("client_tokens")
    return LookUp(
        keeps_tokens=True,
        # Nothing but true is a promise.
        retry_safe=body["retry_safe"] is True,
        token_ttl=body.get("token_ttl"),
        uses=tuple(uses) if isinstance(uses, list) else (),
        date=date,
    )
