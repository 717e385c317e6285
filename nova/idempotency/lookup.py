# SPDX-License-Identifier: Apache-2.0
"""The look-up of client tokens, GET /os-client-tokens: protocol section 8.

Its route is added by our router or, where it is patched, by Nova's source.
"""

from __future__ import annotations

import functools

from oslo_log import log as logging
from oslo_utils import strutils
import webob.exc

from nova.api import validation
from nova.api.openstack import common
from nova.api.openstack import wsgi
from nova.idempotency import lookup_schema as schema
from nova.idempotency import lookup_view as views
from nova.idempotency import releases
from nova.idempotency import service
from nova.policies import client_tokens as policies
from openstack_idempotency import opts
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql.looking import Page
from openstack_idempotency.wsgi import callers
from openstack_idempotency.wsgi import lookup
from openstack_idempotency.wsgi.lookup import Asked
from openstack_idempotency.wsgi.lookup import Query
from openstack_idempotency.wsgi.lookup import Whose

LOG = logging.getLogger(__name__)


@releases.validated
class ClientTokensController(wsgi.Controller):  # type: ignore[misc]
    """Shows what came of requests with client tokens."""

    def __init__(self) -> None:
        super().__init__()
        self._views = views.ViewBuilder()

    @property
    def _service(self) -> service.NovaService:
        """What keeps the tokens; Nova's own router loads without it."""
        return service.from_configuration()

    @wsgi.expected_errors((400, 403, 503))  # type: ignore[untyped-decorator]
    @validation.query_schema(schema.index_query)  # type: ignore[untyped-decorator]
    @validation.response_body_schema(schema.index_response)  # type: ignore[untyped-decorator]
    def index(self, req: wsgi.Request) -> wsgi.ResponseObject:
        """Show the uses of the token of the request, or a page of all.

        :param req: the request
        """
        try:
            query = _query(req)
            return self._shown(req, query, _whose(req, query))
        except (lookup.BadQuery, errors.Invalid) as exc:
            raise webob.exc.HTTPBadRequest(explanation=str(exc)) from None
        except errors.Unavailable as refusal:
            raise _unavailable(refusal) from None
        except opts.Misconfigured as exc:
            LOG.error("Client tokens cannot be looked up: %s", exc)
            raise _unavailable(errors.Unavailable()) from None

    def _shown(
        self, req: wsgi.Request, query: Query, whose: Whose
    ) -> wsgi.ResponseObject:
        shown, again = self._service.desk.answer(
            query,
            whose,
            Asked.of(req.environ, self._service.headers),
            links=functools.partial(self._views.links, req),
            following=functools.partial(self._views.next_links, req),
        )
        return wsgi.ResponseObject(shown, headers=again or None)


def _unavailable(
    refusal: errors.Unavailable,
) -> webob.exc.HTTPServiceUnavailable:
    return webob.exc.HTTPServiceUnavailable(
        explanation=str(refusal), headers=lookup.AGAIN
    )


def _query(req: wsgi.Request) -> Query:
    asked = req.GET
    limit, marker = common.get_limit_and_marker(req)
    return Query(
        page=Page(limit, None if marker is None else int(marker)),
        wait=int(asked["wait"]) if "wait" in asked else None,
        everywhere=strutils.bool_from_string(asked.get("all_projects", "")),
        project_id=asked.get("project_id"),
        user_id=asked.get("user_id"),
    )


def _whose(req: wsgi.Request, query: Query) -> Whose:
    """Return whose uses a request asks for.

    :raises nova.exception.Forbidden: the policy does not let it
    """
    context = req.environ["nova.context"]
    context.can(policies.POLICY_ROOT % "index")

    def authorize() -> None:
        context.can(policies.POLICY_ROOT % "index:all_projects")

    roles = callers.roles(context)
    return lookup.whose(query, callers.scope(context, ""), roles, authorize)


def resource() -> wsgi.Resource:
    """Return what Nova's router calls for the look-up."""
    return wsgi.Resource(ClientTokensController())
