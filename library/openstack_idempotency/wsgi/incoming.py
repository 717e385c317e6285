# SPDX-License-Identifier: Apache-2.0
"""A WSGI request, as the engine takes it: protocol section 2."""

from __future__ import annotations

import functools

from oslo_context.context import RequestContext
import webob

from openstack_idempotency.protocol import sameness
from openstack_idempotency.protocol import scope
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.digest import Form
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.wsgi import callers


def request(
    client_token: str,
    req: webob.Request,
    context: RequestContext,
    digests: Digests,
    *,
    version: str = "",
    project_id: str | None = None,
    operation: str = "",
    path: str | None = None,
) -> Request:
    """Return what a request asks for, and who asks.

    :param client_token: its token
    :param req: the request, with its whole body
    :param context: the caller's
    :param digests: the engine's
    :param version: the version of the API that the request asks for, in a
        normal form: equal versions are equal texts
    :param project_id: the project that the path begins with, if it does
    :param operation: the operation's name, for log lines and counters
    :param path: the path below the API's version prefix, where that is not
        what WSGI gives
    :raises errors.BodyTooDeep: its body is nested too deeply
    """
    at = req.environ["PATH_INFO"] if path is None else path
    target = scope.target(req.method, at, project_id)
    return Request(
        token=client_token,
        scope=callers.scope(context, target),
        fingerprints=digests.of_request(client_token, _form(req, version)),
        request_id=context.request_id,
        operation=operation,
        version=version,
        roles=callers.roles(context),
        attempt=token.attempt(req.environ),
        may_wait=bool(req.environ.get("wsgi.multithread", True)),
    )


def _form(req: webob.Request, version: str) -> Form:
    # A large body is digested before anything else is made of it.
    return functools.partial(
        sameness.write, req.query_string, version, req.body, _type(req)
    )


def _type(req: webob.Request) -> str | None:
    """Return the type of a body; None if the service takes it to be JSON."""
    # Clients that send no type, or text/plain, mean JSON: so Nova reads them
    # (nova.api.wsgi.Request.get_content_type).
    given: str = req.content_type or ""
    return None if given in ("", "text/plain") else given
