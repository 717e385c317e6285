# SPDX-License-Identifier: Apache-2.0
"""The look-up of client tokens, GET /os-client-tokens: protocol section 8."""

from __future__ import annotations

import dataclasses
import functools
import typing as ty

from oslo_utils import strutils
import webob.exc

from nova.api import validation
from nova.api.openstack import common
from nova.api.openstack import wsgi
from nova.idempotency import lookup_schema as schema
from nova.idempotency import lookup_view as views
from nova.idempotency.service import NovaService
from nova.policies import client_tokens as policies
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.standing import Standing
from openstack_idempotency.protocol.standing import standing
from openstack_idempotency.sql import looking
from openstack_idempotency.sql.looking import Listed
from openstack_idempotency.sql.looking import Page
from openstack_idempotency.wsgi import callers

_AGAIN = {"Retry-After": str(errors.Running.retry_after)}


@dataclasses.dataclass(frozen=True)
class Whose:
    """Whose uses a request asks for.

    :param caller: whose they are, if one caller's; of any domain or system
        scope only where they are the request's own
    :param project_id: all callers' of this project, if not one caller's
    :param user_id: this user's in all projects, if not one caller's
    :param roles: what :func:`standing` is asked with
    """

    caller: Scope | None
    project_id: str | None
    user_id: str | None
    roles: frozenset[str] | None


class ClientTokensController(wsgi.Controller):  # type: ignore[misc]
    """Shows what came of requests with client tokens.

    :param service: keeps the tokens
    """

    def __init__(self, service: NovaService) -> None:
        super().__init__()
        self._service = service
        self._views = views.ViewBuilder(service.promise.token_ttl)

    @wsgi.expected_errors((400, 403, 503))  # type: ignore[untyped-decorator]
    @validation.query_schema(schema.index_query)  # type: ignore[untyped-decorator]
    @validation.response_body_schema(schema.index_response)  # type: ignore[untyped-decorator]
    def index(self, req: wsgi.Request) -> wsgi.ResponseObject:
        """Show the uses of the token of the request, or a page of all.

        :param req: the request
        """
        whose = _whose(req)
        try:
            client_token = token.given(req.environ, self._service.headers)
            listed = (
                self._page(req, whose)
                if client_token is None
                else self._of_token(req, whose, client_token)
            )
            return self._shown(req, whose, listed)
        except errors.Invalid as refusal:
            raise webob.exc.HTTPBadRequest(explanation=str(refusal)) from None
        except errors.Unavailable as refusal:
            raise webob.exc.HTTPServiceUnavailable(
                explanation=str(refusal), headers=_AGAIN
            ) from None

    def _of_token(
        self, req: wsgi.Request, whose: Whose, client_token: str
    ) -> Listed:
        if whose.caller is None:
            raise webob.exc.HTTPBadRequest(
                explanation="A client token belongs to one user in one "
                "project: with its header, give user_id and project_id "
                "instead of all_projects."
            )
        uses = self._service.lookup.uses(
            client_token, whose.caller, whose.roles, _wait(req)
        )
        limit, _ = common.get_limit_and_marker(req)
        return Listed(uses[:limit])

    def _page(self, req: wsgi.Request, whose: Whose) -> Listed:
        if "wait" in req.GET:
            raise webob.exc.HTTPBadRequest(
                explanation="wait is for the uses of one client token: send "
                "that in the header X-Client-Token, or leave wait out."
            )
        limit, marker = common.get_limit_and_marker(req)
        page = Page(limit, None if marker is None else int(marker))
        tokens = self._service.tokens
        if whose.caller is None:
            return tokens.everywhere(whose.project_id, whose.user_id, page)
        try:
            return tokens.listed(whose.caller, page)
        except looking.NoMarker:
            raise webob.exc.HTTPBadRequest(
                explanation=f"Marker {marker} could not be found."
            ) from None

    def _shown(
        self, req: wsgi.Request, whose: Whose, listed: Listed
    ) -> wsgi.ResponseObject:
        settled = [use.record.id for use in listed.uses if use.settled]
        bound = self._service.tokens.bound(settled)
        show = functools.partial(self._views.show, req)
        shown: dict[str, ty.Any] = {
            "client_tokens": [
                show(use, whose.roles, bound.get(use.record.id, ()))
                for use in listed.uses
            ],
            **dataclasses.asdict(self._service.promise),
        }
        if listed.next_marker is not None:
            links = self._views.next_links(req, listed.next_marker)
            shown["client_tokens_links"] = links
        running = any(
            standing(use, whose.roles) is Standing.RUNNING
            for use in listed.uses
        )
        return wsgi.ResponseObject(shown, headers=_AGAIN if running else None)


def _wait(req: wsgi.Request) -> int:
    """Return how many seconds a request wants, and may, wait."""
    wanted = int(req.GET.get("wait", 0))
    return wanted if req.environ.get("wsgi.multithread", True) else 0


def _whose(req: wsgi.Request) -> Whose:
    """Return whose uses a request asks for.

    :raises nova.exception.Forbidden: the policy does not let it
    """
    context = req.environ["nova.context"]
    own = callers.scope(context, "")
    everywhere = strutils.bool_from_string(req.GET.get("all_projects", ""))
    project_id, user_id = req.GET.get("project_id"), req.GET.get("user_id")
    if everywhere and project_id is not None:
        raise webob.exc.HTTPBadRequest(
            explanation="project_id names one project, and all_projects "
            "asks for all: leave one of them out."
        )
    context.can(policies.POLICY_ROOT % "index")
    named = (user_id, project_id)
    mine = {(None, None), (own.user_id, None), (own.user_id, own.project_id)}
    if not everywhere and named in mine:
        return Whose(own, None, None, callers.roles(context))
    context.can(policies.POLICY_ROOT % "index:all_projects")
    if not everywhere and project_id is None:
        project_id = own.project_id
    one = project_id is not None and user_id is not None
    caller = Scope(project_id, user_id, "") if one else None
    return Whose(caller, project_id, user_id, None)


def resource(service: NovaService) -> wsgi.Resource:
    """Return what Nova's router calls for the look-up.

    :param service: keeps the tokens
    """
    return wsgi.Resource(ClientTokensController(service))
