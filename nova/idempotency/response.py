# SPDX-License-Identifier: Apache-2.0
"""Answers of the engine, in the form of the compute API: section 3."""

from __future__ import annotations

import typing as ty

import webob
import webob.exc

from nova.api import compute_req_id
from nova.api.openstack import api_version_request
from nova.api.openstack import wsgi
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.wsgi import response

# The id by which a server's events are found; Nova's middleware adds this
# request's own unless the header is there.
_REQUEST_ID = compute_req_id.HTTP_RESP_HEADER_REQUEST_ID

# Nova adds them to every answer.
_NOVAS_OWN = frozenset(
    name.lower()
    for name in (
        wsgi.API_VERSION_REQUEST_HEADER,
        wsgi.LEGACY_API_VERSION_REQUEST_HEADER,
        "Vary",
    )
)


def of(reply: Reply, client_token: str, req: wsgi.Request) -> webob.Response:
    """Return an answer of the service, with what the protocol adds to it.

    :param reply: the engine's reply
    :param client_token: the request's token
    :param req: the request
    """
    answer = reply.answer
    headers = [
        (name, value)
        for name, value in answer.headers
        if name.lower() != wsgi.API_VERSION_REQUEST_HEADER.lower()
    ]
    headers += response.of_reply(reply, client_token)
    if reply.request_id is not None:
        _show_version(req, dict(answer.headers))
        if answer.status < 400:
            headers.append((_REQUEST_ID, reply.request_id))
    return webob.Response(
        status=answer.status, headerlist=headers, body=answer.body
    )


def refused(
    refusal: errors.Refusal, client_token: str | None, req: wsgi.Request
) -> webob.Response:
    """Return an answer of the protocol's own, as one of Nova's faults.

    :param refusal: what is refused, and why
    :param client_token: the request's token, None if it is not valid
    :param req: the request
    """
    headers = dict(response.of_refusal(refusal, client_token))
    make = webob.exc.status_map[refusal.status]
    fault = wsgi.Fault(make(explanation=str(refusal), headers=headers))
    answer: webob.Response = req.get_response(fault)
    answer.headerlist = [
        (name, value)
        for name, value in answer.headerlist
        if name.lower() not in _NOVAS_OWN
    ]
    return answer


def _show_version(req: wsgi.Request, headers: ty.Mapping[str, str]) -> None:
    """Let Nova name the version of a stored answer, not the request's.

    The two differ where a client asks for the latest one, and Nova has been
    upgraded meanwhile.
    """
    version = headers.get(wsgi.API_VERSION_REQUEST_HEADER)
    if version is not None:
        number = version.partition(" ")[2]
        stored = api_version_request.APIVersionRequest(number)
        req.api_version_request = stored
