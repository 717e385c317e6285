# SPDX-License-Identifier: Apache-2.0
"""Puts the filter into a pipeline that is made in code."""

from __future__ import annotations

import typing as ty

# The attributes in which WSGI applications keep the next one.
_NEXT: ty.Final = (
    "wsgi_app",
    "application",
    "_placement_app",
    "app",
    "_app",
)


class NotFound(Exception):
    """The pipeline has no such application; the text says what it has."""


def chain(application: ty.Any) -> ty.Iterator[ty.Any]:
    """Yield the applications of a pipeline, outermost first.

    :param application: the outermost
    """
    while application is not None:
        yield application
        application = following(application)


def following(application: ty.Any) -> ty.Any:
    """Return the application that another one calls, None for the innermost.

    :param application: the application
    """
    state = getattr(application, "__dict__", {})
    found = (state.get(name) for name in _NEXT)
    return next(filter(callable, found), None)


def find(application: ty.Any, kind: type) -> ty.Any:
    """Return the application of a class in a pipeline.

    :param application: the outermost application
    :param kind: the class
    :raises NotFound: there is none of this class
    """
    for each in chain(application):
        if isinstance(each, kind):
            return each
    seen = " ".join(type(each).__name__ for each in chain(application))
    raise NotFound(
        f"No {kind.__name__} is in the pipeline: {seen}. This release of "
        "the service is not supported."
    )


def insert(
    application: ty.Any,
    behind: type,
    make: ty.Callable[[ty.Any], ty.Any],
) -> None:
    """Put a filter directly behind an application of a pipeline.

    :param application: the outermost application
    :param behind: the class of the application that then calls the filter
    :param make: makes the filter, given the application that it calls
    :raises NotFound: there is none of this class, or it calls no other
    """
    before = find(application, behind)
    after = following(before)
    for name in _NEXT:
        if after is not None and vars(before).get(name) is after:
            setattr(before, name, make(after))
            return
    raise NotFound(
        f"{behind.__name__} calls no other application. This release of the "
        "service is not supported."
    )
