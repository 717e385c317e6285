# SPDX-License-Identifier: Apache-2.0
"""The decorator that makes a POST safe to retry.

For a developer of the service it is one line above a controller's method::

    from nova.openstack.common.idempotent import idempotent

    class ServersController(wsgi.Controller):

        @idempotent
        @wsgi.response(202)
        def create(self, req, body):
            ...

It goes on top of the other decorators, or among those that pass an answer on
as it is; never below one that checks or changes answers. Nova's
``api_version`` stays above it: Nova's own rules want it first of all.

An operator of a Nova without these lines gets the same by one line of
api-paste.ini: the router of :mod:`nova.idempotency.router` decorates the
methods of Nova's controllers when it is loaded.
"""

from __future__ import annotations

import functools
import typing as ty

from openstack_idempotency import decorator
from openstack_idempotency.decorator import Service

_P = ty.ParamSpec("_P")
_R = ty.TypeVar("_R")


@ty.overload
def idempotent(
    method: ty.Callable[_P, _R], *, service: Service | None = None
) -> ty.Callable[_P, _R]: ...


@ty.overload
def idempotent(
    method: None = None, *, service: Service | None = None
) -> ty.Callable[[ty.Callable[_P, _R]], ty.Callable[_P, _R]]: ...


def idempotent(
    method: ty.Any = None, *, service: Service | None = None
) -> ty.Any:
    """Let a client retry what a controller's method does (docs/protocol.md).

    A request without a client token goes straight to the method. The method
    takes the request as ``req`` or ``request``, and its parsed body as
    ``body``. ``@idempotent`` and ``@idempotent(service=...)`` both work.

    :param method: a controller's method, in its class or bound; one that is
        already decorated is returned as it is
    :param service: the service that the method belongs to; without it, it
        is found by the package that the method comes from: for ``nova`` it is
        the one that the entry point ``nova`` names
    :raises TypeError: the method does not take a request by such a name
    """
    if method is None:
        return functools.partial(idempotent, service=service)
    if decorator.decorated(method):
        return method
    return decorator.weave(method, service)
