# SPDX-License-Identifier: Apache-2.0
"""The compute API, whose answers are given as they come.

Tempest's own clients raise at a refusal, and drop the headers, in which the
protocol speaks.
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing as ty

from tempest import config
from tempest.lib.common import rest_client

TOKEN: ty.Final = "X-Client-Token"
KEY: ty.Final = "Idempotency-Key"
# With which a server may ask for no networks.
_VERSION: ty.Final = "compute 2.37"
# The states after which the same request is sent again (protocol, section 3).
_AGAIN: ty.Final = frozenset(
    {"running", "interrupted", "taken-over", "unavailable", "too-many"}
)


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer.

    :param status: its status
    :param headers: its headers, in lower case
    :param body: its bytes
    """

    status: int
    headers: ty.Mapping[str, str]
    body: bytes

    @property
    def state(self) -> str | None:
        """What it says came of the request (protocol, section 3)."""
        return self.headers.get("x-client-token-state")

    def json(self) -> ty.Any:
        """Return what the body says."""
        return json.loads(self.body)


class Api:
    """The compute API, as one user asks it.

    :param auth: Tempest's provider of the user's credentials
    :param auth_token: sent instead of the one that the provider has
    """

    def __init__(self, auth: ty.Any, auth_token: str | None = None) -> None:
        settings = config.service_client_config("compute")
        self._client = rest_client.RestClient(auth, **settings)
        self._auth_token = auth_token
        self._seconds = float(settings["build_timeout"])

    def post(
        self,
        path: str,
        body: ty.Any,
        token: str | None = None,
        header: str = TOKEN,
    ) -> Answer:
        """POST, once.

        :param path: below the endpoint
        :param body: what becomes JSON
        :param token: the client token, if any
        :param header: in which it is sent
        """
        headers = {} if token is None else {header: token}
        return self._ask("POST", path, headers, json.dumps(body))

    def post_until_done(self, path: str, body: ty.Any, token: str) -> Answer:
        """POST, and again while the answer asks for it.

        :param path: below the endpoint
        :param body: what becomes JSON
        :param token: the client token
        """
        deadline = time.monotonic() + self._seconds
        while True:
            answer = self.post(path, body, token)
            wait = float(answer.headers.get("retry-after", 0))
            if answer.state not in _AGAIN or time.monotonic() > deadline:
                return answer
            time.sleep(wait)

    def get(self, path: str) -> Answer:
        """GET.

        :param path: below the endpoint
        """
        return self._ask("GET", path, {})

    def look_up(self, token: str | None = None, query: str = "") -> Answer:
        """Ask what came of a token, or of all (protocol, section 8).

        :param token: the client token
        :param query: with its question mark
        """
        headers = {} if token is None else {TOKEN: token}
        return self._ask("GET", f"/os-client-tokens{query}", headers)

    def _ask(
        self,
        method: str,
        path: str,
        headers: ty.Mapping[str, str],
        body: str | None = None,
    ) -> Answer:
        usual = self._client.get_headers()
        version = {"OpenStack-API-Version": _VERSION}
        url, sent, body = self._client.auth_provider.auth_request(
            method, path.lstrip("/"), {**usual, **version, **headers}, body,
            self._client.filters,
        )  # fmt: skip
        if self._auth_token is not None:
            sent = {**sent, "X-Auth-Token": self._auth_token}
        response, content = self._client.raw_request(url, method, sent, body)
        told = {name.lower(): value for name, value in response.items()}
        return Answer(response.status, told, content)
