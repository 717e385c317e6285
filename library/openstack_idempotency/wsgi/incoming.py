# SPDX-License-Identifier: Apache-2.0
"""A WSGI request, as the engine takes it: protocol section 2."""

from __future__ import annotations

import typing as ty

import webob

from openstack_idempotency.protocol import sameness
from openstack_idempotency.protocol import scope
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.wsgi import callers


def request(
    client_token: str,
    req: webob.Request,
    context: ty.Any,
    *,
    version: str = "",
    project_id: str | None = None,
    operation: str = "",
) -> Request:
    """Return what a request asks for, and who asks.

    :param client_token: its token
    :param req: the request, with its whole body
    :param context: the caller, as oslo.context describes it: user, project,
        domain and system scope, roles, and the request's id
    :param version: the version of the API that the request asks for, in a
        normal form: equal versions are equal texts
    :param project_id: the project that the path begins with, if it does
    :param operation: the operation's name, for log lines and counters
    """
    return Request(
        token=client_token,
        scope=callers.scope(
            context,
            scope.target(req.method, req.environ["PATH_INFO"], project_id),
        ),
        canonical=sameness.canonical(
            req.query_string, version, req.body, _type(req)
        ),
        request_id=context.request_id,
        operation=operation,
        version=version,
        roles=callers.roles(context),
        attempt=token.attempt(req.environ),
        may_wait=bool(req.environ.get("wsgi.multithread", True)),
    )


def _type(req: webob.Request) -> str | None:
    """Return the type of a body; None if the service takes it to be JSON."""
    # Clients that send no type, or text/plain, mean JSON: so Nova reads them
    # (nova.api.wsgi.Request.get_content_type).
    given: str = req.content_type or ""
    return None if given in ("", "text/plain") else given
