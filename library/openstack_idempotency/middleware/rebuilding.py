# SPDX-License-Identifier: Apache-2.0
"""Rebuilds answers by asking the service for what was made."""

from __future__ import annotations

import typing as ty
import urllib.parse

import webob

from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Rebuild

Change = ty.Callable[[Case, webob.Response], webob.Response | None]
Headers = ty.Mapping[str, str]
Choose = ty.Callable[[Case, ty.Any], ty.Any]
Complete = ty.Callable[[ty.Any], bool]

# What a GET shows if nothing is there.
_NOTHING: ty.Final[tuple[ty.Any, ...]] = (None, "", [], {})


def shown(
    path: str,
    status: int = 201,
    change: Change | None = None,
    location: str | None = None,
    parts: ty.Collection[str] = (),
) -> Rebuild:
    """Return a function that rebuilds an answer from what a GET shows.

    A service may commit a resource before what belongs to it. If something
    that was asked for is missing, the answer cannot be rebuilt.

    :param path: where the API shows the resource; ``{id}`` stands for the id
        of the first resource that is bound, other names for what the POST's
        path names
    :param status: the status of the POST's answer
    :param change: turns the GET's answer into the POST's, if they differ;
        returns None if that is not possible any more
    :param location: the path in the answer's Location, if it has one
    :param parts: the keys below which both the request and the GET list what
        belongs to the resource, by names or as objects with names
    """

    def rebuild(case: Case) -> webob.Response | None:
        found = case.get(named(path, case))
        if found is None or not all(_holds(case, found, key) for key in parts):
            return None
        found.status_int = status
        answer = found if change is None else change(case, found)
        if answer is None or location is None:
            return answer
        return located(case, answer, location)

    return rebuild


def part(
    key: str, *names: str, asked: bool = False, last: str | None = None
) -> Change:
    """Return a change that reduces a resource to what the POST showed of it.

    :param key: the key below which the POST has the resource; the GET may
        have it at the top level
    :param names: the names that the POST showed, as far as they are there
    :param asked: whether the POST also showed all that it was asked to set;
        then all of that has to be there
    :param last: the name of what the service sets in its last transaction:
        without a value, it never came to that
    """

    def change(case: Case, found: webob.Response) -> webob.Response | None:
        set_by_it = case.req.json[key].keys() if asked else ()
        there = found.json.get(key, found.json)
        if last is not None and there[last] is None:
            return None
        left = {k: there[k] for k in (*set_by_it, *names) if k in there}
        found.json_body = {key: left}
        return found if left.keys() >= {*set_by_it} else None

    return change


def whole(path: str, complete: Complete = bool, status: int = 201) -> Rebuild:
    """Return a function that rebuilds the answer to a whole request.

    Both the request and its answer have one key, below which there is an
    object or a list of them. A service may commit several resources one by
    one, and a resource before what belongs to it: if anything is missing, the
    answer cannot be rebuilt.

    :param path: where the API shows a resource, without its id
    :param complete: tells by what a GET shows of a resource whether the
        service has committed all of it
    :param status: the status of the POST's answer
    """

    def rebuild(case: Case) -> webob.Response | None:
        (key, asked), *others = case.req.json.items()
        if others:  # which may be what the service ignores
            return None
        wanted = asked if isinstance(asked, list) else [asked]
        at = named(path, case)
        ids = [urllib.parse.quote(one.id, safe="") for one in case.resources]
        got = [case.get(f"{at}/{id_}") for id_ in ids]
        found = [answer for answer in got if answer is not None]
        there = [value for one in found for value in one.json.values()]
        if len(wanted) != len(there) or not all(map(_has, there, wanted)):
            return None
        if not all(map(complete, there)):
            return None
        answer = found[0]
        answer.status_int = status
        answer.json_body = {key: there if asked is wanted else there[0]}
        return answer

    return rebuild


def asked(req: webob.Request) -> int | None:
    """Return how many resources a request asks for that :func:`whole` shows.

    :param req: the request
    :returns: None if its body does not have them below one key
    """
    try:
        values = [*req.json.values()]
    except (AttributeError, LookupError, RecursionError, ValueError):
        return None  # LookupError: it names an encoding that nobody knows
    if len(values) != 1:
        return None
    return len(values[0]) if isinstance(values[0], list) else 1


def _has(shown: ty.Any, wanted: ty.Any) -> bool:
    """Tell whether a resource has all that it was asked to have.

    What the caller may not see counts as there; so do a number that is 0 and
    a flag that is off. Of a list, as many have to be there as were asked for:
    a service may commit them one by one.
    """
    return all(
        name not in shown or _holds_all(shown[name], value)
        for name, value in wanted.items()
        if value
    )


def _holds_all(there: ty.Any, wanted: ty.Any) -> bool:
    if isinstance(wanted, list) and isinstance(there, list):
        return len(there) >= len(wanted)
    return there not in _NOTHING


def _holds(case: Case, found: webob.Response, key: str) -> bool:
    """Tell whether all that was asked for below a key is there."""
    asked, there = case.req.json.get(key), found.json.get(key)
    return _names(asked) <= _names(there)


def _names(value: ty.Any) -> set[str]:
    """Return the names in a list; an object in it counts by its name."""
    each = value or ()
    return {one["name"] if isinstance(one, dict) else one for one in each}


def chosen(
    path: str, collection: str, choose: Choose, status: int = 201
) -> Rebuild:
    """Return a function that rebuilds an answer from a list that a GET shows.

    :param path: where the API shows the list, see :func:`shown`
    :param collection: the name of the list in the answer
    :param choose: returns the body of the POST's answer, given the list; None
        if what the body has to show is not there
    :param status: the status of the POST's answer
    """

    def rebuild(case: Case) -> webob.Response | None:
        found = case.get(named(path, case))
        body = found and choose(case, found.json[collection])
        if found is None or body is None:
            return None
        found.status_int = status
        found.content_type = "application/json"  # whatever the GET says
        found.json_body = body
        return found

    return rebuild


def empty(
    status: int = 204,
    content_type: str | None = None,
    headers: ty.Callable[[webob.Request], Headers] = lambda _: {},
) -> Rebuild:
    """Return a function that rebuilds an answer without a body.

    :param status: the status of the POST's answer
    :param content_type: the content type that it names, if it does
    :param headers: returns its other headers, given the request
    """

    def rebuild(case: Case) -> webob.Response | None:
        answer = bare(status, content_type)
        answer.headers.update(headers(case.req))
        return answer

    return rebuild


def bare(status: int, content_type: str | None = None) -> webob.Response:
    """Return an answer without a body.

    :param status: its status
    :param content_type: the content type that it names, if it does
    """
    answer = webob.Response(content_type=content_type or "text/plain")
    answer.status_int = status
    if content_type is None:
        answer.content_type = None
    if status == 204:  # RFC 9110, section 8.6
        answer.content_length = None
    return answer


def named(path: str, case: Case) -> str:
    """Return a path whose names in braces are filled in, and quoted.

    :param path: the path, see :func:`shown`
    :param case: what the names stand for
    """
    values = {**case.named, "id": case.resources[0].id}
    quoted = {k: urllib.parse.quote(v, safe="") for k, v in values.items()}
    return path.format(**quoted)


def located(case: Case, answer: webob.Response, path: str) -> webob.Response:
    """Return an answer that says where the API shows the resource.

    :param case: the case
    :param answer: the answer
    :param path: the path, see :func:`shown`
    """
    answer.location = case.req.application_url + named(path, case)
    return answer
