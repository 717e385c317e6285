# SPDX-License-Identifier: Apache-2.0
"""Sends a client token with the POSTs of a keystoneauth session."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import logging
from typing import Any

from keystoneauth1.session import Session
from requests import Response

from openstack_idempotency_client.redaction import RedactedLogger
from openstack_idempotency_client.token import ClientToken

HEADER = "X-Client-Token"

# What keystoneauth itself uses when a request names no logger.
_LOGGER = logging.getLogger("keystoneauth.session")


@contextlib.contextmanager
def carrying(
    session: Session,
    token: ClientToken,
    service_type: str,
    heard: Callable[[Response], None],
) -> Iterator[None]:
    """Let each POST of this session to one service carry the token::

        with carrying(session, ClientToken("a1"), "compute", print):
            nova.servers.create(...)

    :param session: the session; not to be shared with other threads meanwhile
    :param token: the token
    :param service_type: the service, as keystone's catalog calls its type
    :param heard: gets each answer before the caller does
    """
    send = session.request

    def request(url: str, method: str, **kwargs: Any) -> Response:
        if method != "POST" or _service_type(kwargs) != service_type:
            return send(url, method, **kwargs)
        logger = kwargs.get("logger") or _LOGGER
        kwargs["logger"] = RedactedLogger(logger, HEADER, token)
        headers = kwargs.get("headers") or {}
        kwargs["headers"] = {**headers, HEADER: token.value}
        answer = send(url, method, **kwargs)
        heard(answer)
        return answer

    # This instance only: other sessions of the process stay as they are.
    instance: Any = session
    instance.request = request
    try:
        yield
    finally:
        instance.request = send


def _service_type(kwargs: dict[str, Any]) -> str | None:
    # A service's client says which service it is for. An authentication
    # plugin says nothing when it asks identity for a token.
    service_type: str | None = (kwargs.get("endpoint_filter") or {}).get(
        "service_type"
    )
    return service_type
