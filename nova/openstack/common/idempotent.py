# SPDX-License-Identifier: Apache-2.0
"""The decorator that makes a POST safe to repeat.

For a developer of the service it is one line above a controller's method::

    from nova.openstack.common.idempotent import idempotent

    class ServersController(wsgi.Controller):

        @idempotent
        @wsgi.response(202)
        def create(self, req, body):
            ...

An operator who does not carry a patch gets the same from the service's own
router, which decorates the methods of its controllers when it is loaded.
"""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import typing as ty

from nova.openstack.common.idempotency import token

_ENTRY_POINTS = "openstack.idempotency.service"
_INSIDE = "openstack.idempotency.inside"

Method = ty.Callable[..., ty.Any]


class Service(ty.Protocol):
    """What the decorator needs of the service whose methods it wraps."""

    @property
    def headers(self) -> ty.Collection[str]:
        """The names of the headers that may bear a client token."""

    def perform(
        self, method: Method, arguments: dict[str, ty.Any], call: Method
    ) -> ty.Any:
        """Answer a request that bears a client token.

        :param method: the decorated method
        :param arguments: the arguments of this call by their names
        :param call: runs the method with them
        """


def idempotent(method: Method, *, service: Service | None = None) -> Method:
    """Let a client repeat what a controller's method does (protocol, all).

    A request without a client token goes straight to the method. The method
    takes the request as ``req``, and its parsed body as ``body``.

    :param method: a controller's method, in its class or bound; one that is
        decorated already is returned as it is
    :param service: the service that the method belongs to; without it, it
        is found by the package that the method comes from
    """
    if decorated(method):
        return method
    signature = inspect.signature(method)

    @functools.wraps(method)
    def wrapper(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
        environ = _request(args, kwargs).environ
        # A decorated method that calls another one is one operation.
        if not _wanted(environ) or _INSIDE in environ:
            return method(*args, **kwargs)
        performer = service or _service(method)
        if not token.borne(environ, performer.headers):
            return method(*args, **kwargs)
        arguments = dict(signature.bind(*args, **kwargs).arguments)
        environ[_INSIDE] = True
        try:
            return performer.perform(
                method, arguments, functools.partial(method, *args, **kwargs)
            )
        finally:
            del environ[_INSIDE]

    wrapper.__idempotent__ = True  # type: ignore[attr-defined]
    return wrapper


def decorated(method: Method) -> bool:
    """Tell whether a method is idempotent already.

    :param method: a controller's method, in its class or bound
    """
    return getattr(method, "__idempotent__", False)


def _wanted(environ: dict[str, ty.Any]) -> bool:
    return token.borne(environ) and environ["REQUEST_METHOD"] == "POST"


def _request(
    args: tuple[ty.Any, ...], kwargs: dict[str, ty.Any]
) -> ty.Any:
    if "req" in kwargs:
        return kwargs["req"]
    return next(arg for arg in args if hasattr(arg, "environ"))


def _service(method: Method) -> Service:
    return _load(method.__module__.partition(".")[0])


@functools.cache
def _load(package: str) -> Service:
    found = importlib.metadata.entry_points(group=_ENTRY_POINTS, name=package)
    if not found:
        raise LookupError(
            f"A method of {package!r} is idempotent, but no entry point of "
            f"that name in {_ENTRY_POINTS!r} says how; install one."
        )
    service: Service = next(iter(found)).load()()
    return service
