# SPDX-License-Identifier: Apache-2.0
"""The router of the compute API, with client tokens.

It is turned on by one line of api-paste.ini::

    [app:osapi_compute_app_v21]
    paste.app_factory = nova.idempotency.router:APIRouterV21.factory
"""

from __future__ import annotations

import functools
import typing as ty

from oslo_log import log as logging

from nova.api import compute_req_id
from nova.api import validation
from nova.api.openstack.compute import routes
from nova.idempotency import authority
from nova.idempotency import lookup
from nova.idempotency import operations
from nova.idempotency import posts
from nova.idempotency import service
from nova.openstack.common.idempotent import idempotent
from openstack_idempotency.decorator import above
from openstack_idempotency.decorator import decorated
from openstack_idempotency.wsgi import browsers
from openstack_idempotency.wsgi.lookup import COLLECTION

LOG = logging.getLogger(__name__)


class APIRouterV21(routes.APIRouterV21):  # type: ignore[misc]
    """Nova's router; its POSTs are idempotent, and can be looked up.

    Only the controllers of this router are changed, on their instances:
    upstream's classes, and other routers of the process, stay as they are.
    """

    def __init__(self, custom_routes: ty.Any = None) -> None:
        client_tokens = service.from_configuration()
        super().__init__((*(custom_routes or ()), *_look_up()))
        authority.register()
        for post in posts.offered(self.map):
            _weave(post, client_tokens)
        self._client_tokens = client_tokens
        browsers.admit(compute_req_id.HTTP_RESP_HEADER_REQUEST_ID)

    def __call__(self, *args: ty.Any) -> ty.Any:
        """Answer a request, as upstream's router does.

        What this process does besides answering begins with its first request,
        with a token or without: what earlier ones have left is to end even if
        nobody ever sends a token again.
        """
        self._client_tokens.begin_chores()
        return super().__call__(*args)


def _look_up() -> tuple[tuple[str, ty.Any], ...]:
    """Return the route of the look-up, unless Nova's source has it."""
    path = f"/{COLLECTION}"
    if any(path == known for known, _ in routes.ROUTE_LIST):
        return ()
    return ((path, {"GET": [lookup.resource, "index"]}),)


def _weave(post: posts.Post, client_tokens: service.NovaService) -> None:
    operation = operations.find(post.path, post.action)
    if operation is None:
        operation = operations.Operation(post.path, post.action)
        LOG.warning(
            "%s is not in the table of operations. With a client token it "
            "runs at most once, but what it creates is not bound to the "
            "token.",
            operation,
        )
    # A method may be decorated in the source already.
    for method in filter(decorated, post.methods):
        _check_order(operation, method)
    if operation.left_out is None and not all(map(decorated, post.methods)):
        post.change(functools.partial(idempotent, service=client_tokens))
        LOG.debug("%s is idempotent.", operation)


def _check_order(
    operation: operations.Operation, method: ty.Callable[..., ty.Any]
) -> None:
    """Refuse a decorator in the source whose answers would not get through.

    :raises TypeError: a schema of answers above it would reject them
    """
    if any(map(_checks_answers, above(method))):
        raise TypeError(
            f"{operation}: {method.__qualname__} has "
            "@validation.response_body_schema above @idempotent, which would "
            "reject the protocol's own answers as malformed: put @idempotent "
            "on top."
        )


def _checks_answers(function: ty.Any) -> bool:
    # Not by its attribute: functools.wraps copies that upwards.
    name = getattr(getattr(function, "__code__", None), "co_qualname", "")
    made_by, _, _ = name.partition(".")
    return made_by == "response_body_schema" and function.__globals__ is vars(
        validation
    )
