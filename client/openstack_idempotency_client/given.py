# SPDX-License-Identifier: Apache-2.0
"""Tokens that a program gives itself, and what came of them so far."""

from __future__ import annotations

import collections
import threading
import typing as ty

from openstack_idempotency_client import token as tokens
from openstack_idempotency_client.outcome import HEADER
from openstack_idempotency_client.token import ClientToken
from openstack_idempotency_client.use import Use

# How many POSTs without a final answer are remembered.
_MOST = 1000


class Given(Use):
    """A token of the program's choice, for one POST.

    :param token: the token
    :param target: where the POST goes
    :param attempts: how often it was sent before
    """

    def __init__(self, token: ClientToken, target: str, attempts: int) -> None:
        super().__init__(token, attempts)
        self.target = target
        self.sent = attempts

    def sending(self) -> None:
        """Count the tries."""
        self.sent += 1


class GivenTokens:
    """Remembers the tokens of POSTs that got no final answer.

    Such a token, given again by a loop around the call, for example, is
    resumed: what may have run is sent again only after the service has said
    ``retry_safe`` (docs/protocol.md, section 8). Threads may share it.
    """

    def __init__(self) -> None:
        self._sent: collections.OrderedDict[tuple[str, str], int] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()

    def use(self, kwargs: dict[str, ty.Any], target: str) -> Given | None:
        """Return the token that the program gave for a POST, if any.

        :param kwargs: the arguments of keystoneauth's request
        :param target: where the POST goes
        """
        token = _of_header(kwargs) or tokens.given()
        if token is None:
            return None
        with self._lock:
            attempts = self._sent.get((token.value, target), 0)
        return Given(token, target, attempts)

    def ended(self, use: Use) -> None:
        """Learn how a POST ended.

        :param use: the token, and how it ended; none: it was not sent
        """
        if not isinstance(use, Given) or use.ending is None:
            return
        key = (use.token.value, use.target)
        with self._lock:
            self._sent.pop(key, None)
            if use.ending.unsettled:
                self._sent[key] = use.sent
            if len(self._sent) > _MOST:
                self._sent.popitem(last=False)


def _of_header(kwargs: dict[str, ty.Any]) -> ClientToken | None:
    for name, value in (kwargs.get("headers") or {}).items():
        if name.lower() == HEADER.lower():
            return ClientToken(value)
    return None
