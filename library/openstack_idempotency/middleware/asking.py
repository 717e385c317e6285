# SPDX-License-Identifier: Apache-2.0
"""Asks a service for something on behalf of a request's caller."""

from __future__ import annotations

import typing as ty
import urllib.parse

import webob

from openstack_idempotency.engine.inquiry import inquiring
from openstack_idempotency.protocol import errors

# They describe the POST, and would be taken for the GET's own.
_DROPPED: ty.Final = (
    "CONTENT_TYPE",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_X_CLIENT_TOKEN",
    "HTTP_IDEMPOTENCY_KEY",
)
# Where WebOb keeps what services set on its requests.
_ATTRIBUTES: ty.Final = "webob.adhoc_attrs"


def ask(
    application: ty.Any, req: webob.Request, path: str, *, prefix: str
) -> webob.Response | None:
    """Return what the caller of a request sees at a path, None if nothing.

    :param application: the service, below its authentication
    :param req: the request; it stays as it is
    :param path: the path below the version, quoted
    :param prefix: the version that goes before it
    :raises errors.Unavailable: the service cannot tell for now
    """
    asked = req.copy_get()
    environ = asked.environ
    for name in _DROPPED:
        environ.pop(name, None)
    environ[_ATTRIBUTES] = dict(environ.get(_ATTRIBUTES, {}))
    environ["QUERY_STRING"] = ""
    environ["PATH_INFO"] = urllib.parse.unquote_to_bytes(
        prefix + path
    ).decode("latin-1")
    with inquiring():
        found: webob.Response = asked.get_response(application)
        found.body  # noqa: B018 - it may only fail when it is read
    if found.status_int >= 500 or found.status_int == 429:
        raise errors.Unavailable
    return found if found.status_int < 300 else None
