# SPDX-License-Identifier: Apache-2.0
"""Lets the POSTs of a keystoneauth session carry tokens, and repeats them."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import threading
import time
import typing as ty
import urllib.parse

from keystoneauth1 import exceptions
from keystoneauth1 import session as keystone
import requests

from openstack_idempotency_client import discovery
from openstack_idempotency_client import passing
from openstack_idempotency_client import reading
from openstack_idempotency_client import retry
from openstack_idempotency_client.attempts import Attempts
from openstack_idempotency_client.attempts import Wire
from openstack_idempotency_client.clock import ServerClock
from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.given import GivenTokens
from openstack_idempotency_client.outcome import HEADER
from openstack_idempotency_client.redaction import RedactedLogger
from openstack_idempotency_client.services import SERVICE_TYPES
from openstack_idempotency_client.token import ClientToken
from openstack_idempotency_client.use import Fresh
from openstack_idempotency_client.use import Request
from openstack_idempotency_client.use import Source
from openstack_idempotency_client.use import Use

ATTEMPT_HEADER = "X-Client-Token-Attempt"

BUDGET = retry.Budget()

# What keystoneauth itself uses when a request names no logger.
LOGGER = logging.getLogger("keystoneauth.session")
# What a look-up has in common with the request that it is made for.
_SHARED = ("auth", "authenticated", "endpoint_override", "endpoint_filter",
           "user_agent", "client_name", "client_version", "allow", "timeout",
           "verify", "cert")  # fmt: skip


def attach(
    session: keystone.Session,
    source: Source | None = None,
    policy: retry.Policy | None = None,
    service_types: ty.Collection[str] = tuple(SERVICE_TYPES),
) -> Carrier:
    """Let each POST of a session to these services carry a token::

        attach(session)

    Such a POST is sent again, if that is safe, when it got no answer, or one
    that asks for it. Only this session is changed; all else that it sends is
    sent as before. A session that was attached before keeps its carrier.

    :param session: the session; threads may share it
    :param source: gives the tokens; without it, each POST gets a new one
    :param policy: how far to go with retries
    :param service_types: the services, as keystone's catalog calls them
    """
    instance: ty.Any = session
    carrier = getattr(session.request, "__self__", None)
    if not isinstance(carrier, Carrier):
        carrier = Carrier(session.request)
        instance.request = carrier.request
    carrier.source = source or carrier.source
    carrier.policy = policy or carrier.policy
    carrier.service_types = frozenset(service_types)
    return carrier


@contextlib.contextmanager
def attached(
    session: keystone.Session,
    source: Source,
    policy: retry.Policy,
    *service_types: str,
) -> ty.Iterator[None]:
    """Attach a session in this block; after it, all is as before.

    :param session: the session; not to be shared with other threads meanwhile
    :param source: gives the tokens
    :param policy: how far to go with retries
    :param service_types: the services, as keystone's catalog calls them
    """
    instance: ty.Any = session
    before = session.request
    carrier = getattr(before, "__self__", None)
    send = carrier.send if isinstance(carrier, Carrier) else before
    instance.request = send
    attach(session, source, policy, service_types)
    try:
        yield
    finally:
        instance.request = before


class Carrier:
    """What a session's requests go through, once it is attached.

    :param send: the session's own way to send a request
    """

    def __init__(self, send: ty.Callable[..., requests.Response]) -> None:
        self.source: Source = Fresh()
        self.policy = retry.Policy()
        self.service_types: frozenset[str] = frozenset()
        self.send = send
        self._given = GivenTokens()
        self._servers: dict[tuple[ty.Any, ...], Server] = {}

    def request(
        self, url: str, method: str, **kwargs: ty.Any
    ) -> requests.Response:
        """Send a request, as ``keystoneauth1.session.Session.request`` does.

        :raises NotSafeError: when it was not sent, because it may run twice
        """
        service_type = _service_type(kwargs)
        if (
            service_type not in self.service_types
            or method.upper() != "POST"
            or reading.needs_none(url, service_type, kwargs)
        ):
            return self._pass(url, method, kwargs)
        server = self._server(kwargs)
        request = Request(_target(url, kwargs), server.clock,
                          server.promise(kwargs))
        use = self._given.use(kwargs, request.target) or self.source.use(
            request
        )
        if use is None:
            return self._pass(url, method, kwargs)
        try:
            return self._carry(url, kwargs, server, use)
        finally:
            self._given.ended(use)
            self.source.ended(use)

    def _pass(
        self, url: str, method: str, kwargs: dict[str, ty.Any]
    ) -> requests.Response:
        return passing.pass_on(self.send, self.source, url, method, kwargs)

    def _carry(
        self, url: str, kwargs: dict[str, ty.Any], server: Server, use: Use
    ) -> requests.Response:
        raise_exc = kwargs.pop("raise_exc", True)
        if hasattr(kwargs.get("data"), "read"):
            # What is read once cannot be sent again.
            kwargs["data"] = kwargs["data"].read()
        policy = _with_retries_of_keystoneauth(self.policy, kwargs)
        wire = Wire(
            send=functools.partial(_try, self.send, url, kwargs, use),
            look_up=functools.partial(server.look_up, kwargs, use.token),
            sleep=time.sleep,
            clock=time.monotonic,
            chance=random.random,
        )
        answer = Attempts(wire, policy, BUDGET, self.source.tell).run(
            use, server.last
        )
        if raise_exc and answer.status_code >= 400:
            raise exceptions.from_response(answer, "POST", url)
        return answer

    def _server(self, kwargs: dict[str, ty.Any]) -> Server:
        chosen = kwargs.get("endpoint_filter") or {}
        place = (
            kwargs.get("endpoint_override"),
            *(str(chosen.get(name)) for name in
              ("service_type", "service_name", "region_name", "interface")),
        )
        # setdefault is atomic: two threads get the same one.
        return self._servers.setdefault(place, Server(self.send))


class Server:
    """A service that was asked what it promises, and its clock.

    :param send: sends a request
    """

    def __init__(self, send: ty.Callable[..., requests.Response]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._asked = False
        self.clock = ServerClock()
        # What it said last, when it said anything.
        self.last = LookUp()

    def promise(self, kwargs: dict[str, ty.Any]) -> LookUp:
        """Return what the service promises; it is asked once.

        :param kwargs: of the request before which it is asked
        """
        with self._lock:
            if not self._asked:
                self.look_up(kwargs)
                self._asked = True
            return self.last

    def look_up(
        self,
        kwargs: dict[str, ty.Any],
        token: ClientToken | None = None,
        wait: float = 0.0,
    ) -> LookUp:
        """Ask the service, and return what it said.

        :param kwargs: of the request for which it is asked
        :param token: the token to ask for
        :param wait: seconds that the answer may take
        """
        logger = kwargs.get("logger") or LOGGER

        def ask(
            headers: dict[str, str], query: dict[str, str]
        ) -> requests.Response:
            shared = {name: kwargs[name] for name in _SHARED if name in kwargs}
            return self._send(
                discovery.PATH, "GET", params=query, raise_exc=False,
                headers={"Accept": "application/json", **headers},
                logger=RedactedLogger(logger, HEADER, token), **shared,
            )

        found = discovery.look_up(ask, token, wait)
        self.clock.heard(found.date)
        if found.answered:
            self.last = found
        return found


def _try(
    send: ty.Callable[..., requests.Response],
    url: str,
    kwargs: dict[str, ty.Any],
    use: Use,
    attempt: int,
) -> requests.Response:
    logger = kwargs.get("logger") or LOGGER
    headers = dict(kwargs.get("headers") or {})
    headers = {k: v for k, v in headers.items() if k.lower() != HEADER.lower()}
    headers |= {HEADER: use.token.value, ATTEMPT_HEADER: str(attempt)}
    changed = {
        "headers": headers,
        "raise_exc": False,
        "logger": RedactedLogger(logger, HEADER, use.token),
    }
    return send(url, "POST", **{**kwargs, **changed})


def _with_retries_of_keystoneauth(
    policy: retry.Policy, kwargs: dict[str, ty.Any]
) -> retry.Policy:
    """Return a policy that does what keystoneauth was asked to do, too.

    keystoneauth would send a POST again without asking whether that is safe,
    and not say which try it is; so it is told not to.
    """
    connect = kwargs.pop("connect_retries", None) or 0
    status = kwargs.pop("status_code_retries", None) or 0
    statuses = kwargs.pop("retriable_status_codes", None) or ()
    kwargs.update(connect_retries=0, status_code_retries=0)
    return retry.Policy(
        attempts=max(policy.attempts, 1 + connect, 1 + status),
        seconds=policy.seconds,
        statuses=policy.statuses | frozenset(statuses if status else ()),
    )


def _service_type(kwargs: dict[str, ty.Any]) -> str | None:
    # A service's client says which service it is for. An authentication
    # plugin says nothing when it asks identity for a token.
    chosen: dict[str, str] = kwargs.get("endpoint_filter") or {}
    return chosen.get("service_type")


def _target(url: str, kwargs: dict[str, ty.Any]) -> str:
    parts = urllib.parse.urlsplit(url)
    query = kwargs.get("params") or parts.query
    return f"{parts.path}?{query}" if query else parts.path
