# SPDX-License-Identifier: Apache-2.0
"""The look-up of client tokens in any service: protocol section 8."""

from __future__ import annotations

import functools
import re
import typing as ty
import urllib.parse

from oslo_utils import strutils
import webob

from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.adapter import Environ
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql.looking import Page
from openstack_idempotency.wsgi import callers
from openstack_idempotency.wsgi import lookup
from openstack_idempotency.wsgi.lookup import Asked
from openstack_idempotency.wsgi.lookup import Desk
from openstack_idempotency.wsgi.lookup import Query
from openstack_idempotency.wsgi.lookup import View

# The largest number of uses on a page, and the default: as in Nova.
_MOST: ty.Final = 1000
# A key of a row has no more digits.
_DIGITS = re.compile(r"[0-9]{1,18}")
_NUMBERS: ty.Final = ("wait", "limit", "marker")
_NAMES: ty.Final = (*_NUMBERS, "all_projects", "project_id", "user_id")
#: The role that may see the uses of others.
ADMIN: ty.Final = "admin"


class Forbidden(Exception):
    """The caller may not see the uses of others."""


class LookUps:
    """Answers look-ups; a WSGI application.

    :param desk: finds the uses
    :param adapter: the service's
    :param headers: the names of the headers that may bear a token
    """

    def __init__(
        self, desk: Desk, adapter: Adapter, headers: ty.Collection[str]
    ) -> None:
        self._desk = desk
        self._adapter = adapter
        self._headers = headers

    def __call__(self, environ: Environ, start_response: ty.Any) -> ty.Any:
        """Answer a look-up.

        :param environ: WSGI's
        :param start_response: WSGI's
        """
        req = webob.Request(environ)

        def fault(status: int, text: str) -> webob.Response:
            return self._adapter.fault(status, text, req)

        try:
            answer = self._answer(req)
        except (lookup.BadQuery, errors.Invalid) as exc:
            answer = fault(400, str(exc))
        except Forbidden:
            text = f"Only the role {ADMIN!r} may see others' client tokens."
            answer = fault(403, text)
        except errors.Unavailable as refusal:
            answer = fault(503, str(refusal))
            answer.headers.update(lookup.AGAIN)
        return answer(environ, start_response)

    def _answer(self, req: webob.Request) -> webob.Response:
        query = asked(req)
        context = self._adapter.caller(req.environ)
        roles = callers.roles(context)

        def authorize() -> None:
            if ADMIN not in roles:
                raise Forbidden

        own = callers.scope(context, "")
        whose = lookup.whose(query, own, roles, authorize)
        shown, again = self._desk.answer(
            query,
            whose,
            Asked.of(req.environ, self._headers),
            links=functools.partial(self._links, req),
            following=functools.partial(_following, req),
        )
        answer = webob.Response(json_body=shown)
        answer.headers.update(again)
        return answer

    def _links(self, req: webob.Request, resource: Resource) -> list[View]:
        place = self._adapter.places.get(resource.kind)
        if place is None:
            return []
        root = req.application_url + self._adapter.prefix
        named = urllib.parse.quote(resource.id, safe="")
        return [{"rel": "self", "href": root + place.format(id=named)}]


def _following(req: webob.Request, marker: int) -> list[View]:
    query = urllib.parse.urlencode({**req.GET, "marker": marker})
    return [{"rel": "next", "href": f"{req.path_url}?{query}"}]


def asked(req: webob.Request) -> Query:
    """Return what the query of a request asks for.

    :param req: the request
    :raises lookup.BadQuery: it is not UTF-8, has an unknown parameter, has
        one twice, or a value that is not of its type
    """
    try:
        given: ty.Any = req.GET
    except UnicodeDecodeError:
        raise lookup.BadQuery("The query string is not UTF-8.") from None
    for name in set(given):
        if name not in _NAMES:
            raise lookup.BadQuery(
                f"There is no parameter {name!r}. The parameters are "
                f"{', '.join(_NAMES)}."
            )
        if len(given.getall(name)) > 1:
            raise lookup.BadQuery(f"{name} is given twice.")
        if name in _NUMBERS and not _DIGITS.fullmatch(given[name]):
            raise lookup.BadQuery(f"{name} has to be a number.")
    numbers = {name: int(given[name]) for name in _NUMBERS if name in given}
    try:
        everywhere = strutils.bool_from_string(
            given.get("all_projects", "false"), strict=True
        )
    except ValueError:
        text = "all_projects has to be true or false."
        raise lookup.BadQuery(text) from None
    return Query(
        page=Page(min(numbers.get("limit", _MOST), _MOST),
                  numbers.get("marker")),
        wait=numbers.get("wait"),
        everywhere=everywhere,
        project_id=given.get("project_id"),
        user_id=given.get("user_id"),
    )  # fmt: skip
