# SPDX-License-Identifier: Apache-2.0
"""Makes answers again, by asking the service for what was made."""

from __future__ import annotations

import typing as ty
import urllib.parse

import webob

from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Rebuild

Change = ty.Callable[[Case, webob.Response], webob.Response | None]
Headers = ty.Mapping[str, str]
Choose = ty.Callable[[Case, list[ty.Any]], ty.Any]

# What is shown where there is nothing.
_NOTHING: ty.Final[tuple[ty.Any, ...]] = (None, "", [], {})


def shown(
    path: str,
    status: int = 201,
    change: Change | None = None,
    location: str | None = None,
    parts: ty.Collection[str] = (),
) -> Rebuild:
    """Return what gives a resource as a GET shows it.

    A service may commit a resource before what belongs to it. Where something
    that was asked for is missing, there is no such answer.

    :param path: where the API shows it; ``{id}`` stands for the id of the
        first resource that is bound, other names for what the POST's path
        names
    :param status: the POST's
    :param change: makes of it what the POST gave, where that differs; None
        where that cannot be told any more
    :param location: the path that the answer names, if it names one
    :param parts: the keys below which request and GET have the names of what
        belongs to it, or objects with names
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


def part(key: str, *names: str, asked: bool = False) -> Change:
    """Return what leaves of a resource what the POST gave of it.

    :param key: below which both have it; the GET may have it at the top
    :param names: the names of what the POST gave, where it is there
    :param asked: whether it also gave all that it was asked to set, which has
        to be there
    """

    def change(case: Case, found: webob.Response) -> webob.Response | None:
        set_by_it = case.req.json[key].keys() if asked else ()
        there = found.json.get(key, found.json)
        left = {k: there[k] for k in (*set_by_it, *names) if k in there}
        found.json_body = {key: left}
        return found if left.keys() >= {*set_by_it} else None

    return change


def whole(path: str, status: int = 201) -> Rebuild:
    """Return what gives all that a request has made, if that is all of it.

    The request has it below one key, as a JSON object or a list of them, and
    so has the answer. A service may commit several resources one by one, and
    a resource before what belongs to it; see :func:`shown`.

    :param path: where the API shows a resource, but for its id
    :param status: the POST's
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
        answer = found[0]
        answer.status_int = status
        answer.json_body = {key: there if asked is wanted else there[0]}
        return answer

    return rebuild


def asked(req: webob.Request) -> int | None:
    """Return how many resources a request asks for that :func:`whole` shows.

    :param req: the request
    :returns: None where its body is none that has them below one key
    """
    try:
        values = [*req.json.values()]
    except (AttributeError, RecursionError, ValueError):
        return None
    if len(values) != 1:
        return None
    return len(values[0]) if isinstance(values[0], list) else 1


def _has(shown: ty.Any, wanted: ty.Any) -> bool:
    """Tell whether what a resource was to have is there.

    What the caller may not see counts as there; so does a number that is 0,
    and what is switched off.
    """
    given = [name for name, value in wanted.items() if value]
    return all(shown.get(name, True) not in _NOTHING for name in given)


def _holds(case: Case, found: webob.Response, key: str) -> bool:
    """Tell whether all that was asked for below a key is there."""
    asked, there = case.req.json.get(key), found.json.get(key)
    return _names(asked) <= _names(there)


def _names(value: ty.Any) -> set[str]:
    """Return names, of which some are those of objects."""
    each = value or ()
    return {one["name"] if isinstance(one, dict) else one for one in each}


def chosen(
    path: str, collection: str, choose: Choose, status: int = 201
) -> Rebuild:
    """Return what gives a part of a list that a GET shows.

    :param path: where the API shows the list, see :func:`shown`
    :param collection: the name of the list in the answer
    :param choose: returns the body of the POST's answer, None if nothing of
        it is there
    :param status: the POST's
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
    """Return what gives an answer without a body.

    :param status: the POST's
    :param content_type: the type that it names, if it does
    :param headers: gives its other headers, from the request
    """

    def rebuild(case: Case) -> webob.Response | None:
        answer = bare(status, content_type)
        answer.headers.update(headers(case.req))
        return answer

    return rebuild


def bare(status: int, content_type: str | None = None) -> webob.Response:
    """Return an answer without a body.

    :param status: its status
    :param content_type: the type that it names, if it does
    """
    answer = webob.Response(content_type=content_type or "text/plain")
    answer.status_int = status
    if content_type is None:
        answer.content_type = None
    return answer


def named(path: str, case: Case) -> str:
    """Return a path, with the names in it replaced.

    :param path: the path
    :param case: what the names stand for
    """
    values = {**case.named, "id": case.resources[0].id}
    quoted = {k: urllib.parse.quote(v, safe="") for k, v in values.items()}
    return path.format(**quoted)


def located(case: Case, answer: webob.Response, path: str) -> webob.Response:
    """Return an answer that says where the API has the resource.

    :param case: the case
    :param answer: the answer
    :param path: the path, see :func:`shown`
    """
    answer.location = case.req.application_url + named(path, case)
    return answer
