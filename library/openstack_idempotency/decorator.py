# SPDX-License-Identifier: Apache-2.0
"""The decorator that makes a POST of a service safe to retry.

It looks for a token and no further. A request with one is the service's to
answer; the decorator finds the service by an entry point of the group
``openstack_idempotency.service``, whose name is the package that the decorated
method comes from.
"""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import sys
import typing as ty

from openstack_idempotency.once import Once
from openstack_idempotency.protocol import token

#: The group of entry points that name the services.
ENTRY_POINTS: ty.Final = "openstack_idempotency.service"
_INSIDE = "openstack_idempotency.inside"

# What a method may call its request; the service always gets the first.
_REQUEST_NAMES = ("req", "request")

# The services of this process, by their packages.
_SERVICES: dict[str, Once[Service]] = {}

Method = ty.Callable[..., ty.Any]
_P = ty.ParamSpec("_P")
_R = ty.TypeVar("_R")


class Service(ty.Protocol):
    """What the decorator needs of the service whose methods it wraps."""

    @property
    def headers(self) -> ty.Collection[str]:
        """The names of the headers that may bear a client token."""

    def perform(
        self, method: Method, arguments: dict[str, ty.Any], call: Method
    ) -> ty.Any:
        """Answer a request that bears a client token.

        :param method: the method as it is with this decorator: others that
            stand above it may have left their attributes on it
        :param arguments: the arguments of this call by their names; the
            request is named ``req``
        :param call: runs the undecorated method with them
        """


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
    """Let a client retry what a controller's method does (protocol, all).

    A request without a client token goes straight to the method. The method
    takes the request as ``req`` or ``request``, and its parsed body as
    ``body``. ``@idempotent`` and ``@idempotent(service=...)`` both work.

    :param method: a controller's method, in its class or bound; one that is
        already decorated is returned as it is
    :param service: the service that the method belongs to; without it, it
        is found by the package that the method comes from
    :raises TypeError: the method does not take a request by such a name
    """
    if method is None:
        return functools.partial(idempotent, service=service)
    return method if decorated(method) else weave(method, service)


def weave(
    method: ty.Callable[_P, _R], service: Service | None
) -> ty.Callable[_P, _R]:
    """Return a method with the decorator on top.

    :param method: one that is not :func:`decorated`
    :param service: its service, None to find it
    :raises TypeError: the method does not take a request by a known name
    """
    signature = inspect.signature(method)
    name, place = _request_parameter(method, signature)

    @functools.wraps(method)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        req: ty.Any = kwargs.get(name, *args[place : place + 1])
        performer = _performer(req, service, method)
        if performer is None:
            return method(*args, **kwargs)
        arguments = dict(signature.bind(*args, **kwargs).arguments)
        arguments[_REQUEST_NAMES[0]] = arguments.pop(name)
        call = functools.partial(method, *args, **kwargs)
        req.environ[_INSIDE] = True
        try:
            answer: _R = performer.perform(wrapper, arguments, call)
        finally:
            del req.environ[_INSIDE]
        return answer

    # Outer decorators copy the attribute: its value tells ours from theirs.
    wrapper.__idempotent__ = wrapper  # type: ignore[attr-defined]
    if inspect.ismethod(method):
        wrapper.__self__ = method.__self__  # type: ignore[attr-defined]
    return wrapper


def decorated(method: Method) -> bool:
    """Tell whether a method is already decorated.

    :param method: a controller's method, in its class or bound
    """
    return getattr(method, "__idempotent__", None) is not None


def above(method: Method) -> ty.Iterator[Method]:
    """Yield what other decorators have put above this one, outermost first.

    :param method: a method that is :func:`decorated`, in its class or bound
    """
    function: ty.Any = getattr(method, "__func__", method)
    while function is not method.__idempotent__:  # type: ignore[attr-defined]
        yield function
        function = function.__wrapped__


def _request_parameter(
    method: Method, signature: inspect.Signature
) -> tuple[str, int]:
    """Return the name of the parameter that is the request, and its place.

    A keyword-only parameter has a place that no positional argument can have.
    """
    for name in _REQUEST_NAMES:
        parameter = signature.parameters.get(name)
        if parameter is None:
            continue
        by_name = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        places = list(signature.parameters)
        return name, sys.maxsize if by_name else places.index(name)
    raise TypeError(
        f"@idempotent cannot find the request of {_called(method)}: none of "
        f"its parameters is named {' or '.join(map(repr, _REQUEST_NAMES))}. "
        "Rename the parameter, or decorate the method that takes the request."
    )


def _called(method: Method) -> str:
    return getattr(method, "__qualname__", repr(method))


def _performer(
    req: ty.Any, service: Service | None, method: Method
) -> Service | None:
    """Return the service that answers a request, None for the method itself.

    A call without a request is left to fail in the method itself.
    """
    environ = getattr(req, "environ", None)
    # A decorated method that calls another one is one operation.
    if environ is None or not _wanted(environ) or _INSIDE in environ:
        return None
    performer = service or _service(method)
    return performer if token.borne(environ, performer.headers) else None


def _wanted(environ: dict[str, ty.Any]) -> bool:
    return token.borne(environ) and environ["REQUEST_METHOD"] == "POST"


def _service(method: Method) -> Service:
    package = method.__module__.partition(".")[0]
    load = functools.partial(_load, package)
    return _SERVICES.setdefault(package, Once(load))()


def _load(package: str) -> Service:
    found = importlib.metadata.entry_points(group=ENTRY_POINTS, name=package)
    if not found:
        raise LookupError(
            f"A method of {package!r} is decorated with @idempotent, but no "
            f"entry point {package!r} in the group {ENTRY_POINTS!r} provides "
            "its service. Install the distribution that provides it."
        )
    service: Service = next(iter(found)).load()()
    return service
