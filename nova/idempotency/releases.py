# SPDX-License-Identifier: Apache-2.0
"""What differs between the releases of Nova that we support: 31 to 34.

Everything release-specific is here, except the column ``until`` of the table
of operations. We inspect Nova rather than its version number, because
distributions backport.
"""

from __future__ import annotations

import inspect
import types
import typing as ty

from nova.api import validation
from nova.api.openstack import api_version_request
from nova.api.openstack import wsgi

Method = ty.Callable[..., ty.Any]
Change = ty.Callable[[Method], Method]
_Class = ty.TypeVar("_Class", bound=type)

# The attribute of a controller of Nova 31 that maps a method's name to the
# functions among which the microversion of each request chooses.
_CHOICES = "versioned_methods"


def validated(controller: _Class) -> _Class:
    """Mark a controller whose methods all have schemas.

    Nova's own tests ask for the mark, from Nova 32 on.

    :param controller: the class
    """
    mark = getattr(validation, "validated", None)
    return controller if mark is None else ty.cast(_Class, mark(controller))


def choices(controller: wsgi.Controller, name: str) -> tuple[Method, ...]:
    """Return the functions among which a request's microversion chooses.

    Some methods of Nova 31 have them; all others have none.

    :param controller: the controller
    :param name: the method's name
    """
    found = getattr(controller, _CHOICES, {}).get(name, ())
    return tuple(choice.func for choice in found)


def chosen(
    controller: wsgi.Controller, name: str, req: wsgi.Request
) -> Method | None:
    """Return the function that a request's microversion chooses, if any.

    :param controller: the controller
    :param name: the name of a method that may have :func:`choices`
    :param req: the request
    """
    version = req.api_version_request
    found = getattr(controller, _CHOICES, {}).get(name, ())
    return next(
        (
            choice.func
            for choice in found
            if version.matches(choice.start_version, choice.end_version)
        ),
        None,
    )


def change_choices(
    controller: wsgi.Controller, name: str, how: Change
) -> None:
    """Let one instance of a controller choose among other functions.

    :param controller: the instance
    :param name: the name of a method that has :func:`choices`
    :param how: takes one of the present functions and returns the new one
    """
    found = getattr(controller, _CHOICES)
    # Nova looks here first, whatever attribute the instance has by that name.
    changed = [
        types.SimpleNamespace(**vars(choice) | {"func": how(choice.func)})
        for choice in found[name]
    ]
    setattr(controller, _CHOICES, {**found, name: changed})


def view_of_server(
    builder: ty.Any, req: wsgi.Request, body: dict[str, ty.Any], server: ty.Any
) -> dict[str, ty.Any]:
    """Return what the answer to a server's creation shows of the server.

    :param builder: Nova's view builder of servers
    :param req: the request
    :param body: its body, which Nova 33 and later look into
    :param server: the server
    """
    if "body" in inspect.signature(builder.create).parameters:
        shown = builder.create(req, body, server)
    else:
        shown = builder.create(req, server)
    return ty.cast("dict[str, ty.Any]", shown)


def view_of_flavor(
    builder: ty.Any, req: wsgi.Request, flavor: ty.Any, *, specs: bool
) -> dict[str, ty.Any]:
    """Return what the answer to a flavor's creation shows of the flavor.

    :param builder: Nova's view builder of flavors
    :param req: the request
    :param flavor: the flavor
    :param specs: whether it shows extra specs
    """
    asked = {"include_extra_specs": specs}
    # From Nova 33 on the builder finds out for itself.
    if "include_description" in inspect.signature(builder.show).parameters:
        described = api_version_request.is_supported(req, "2.55")
        asked["include_description"] = described
    shown = builder.show(req, flavor, **asked)
    return ty.cast("dict[str, ty.Any]", shown)
