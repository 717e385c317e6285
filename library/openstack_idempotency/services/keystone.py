# SPDX-License-Identifier: Apache-2.0
"""Keystone: projects, users, and what they may do."""

from __future__ import annotations

import hashlib
import http
import typing as ty

from keystone.application_credential.backends import sql as app_creds
from keystone.assignment.role_backends import sql_model as assignment
from keystone.catalog.backends import sql as catalog
from keystone.common import context as contexts
from keystone.common import sql
from keystone.common.rbac_enforcer.enforcer import RBACEnforcer
import keystone.conf
from keystone.credential.backends import sql as credential
from keystone.identity.backends import sql_model as identity
from keystone.limit.backends import sql as limit
from keystone.oauth1.backends import sql as oauth1
from keystone.policy.backends import sql as policy
from keystone.resource.backends import sql_model as resource
from keystone.server.flask import core
from keystone.trust.backends import sql as trust
from oslo_config import cfg
import webob

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.adapter import Environ
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.middleware.operation import Rebuild
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

CONF = keystone.conf.CONF

_PROVES: ty.Final = "with it, a caller proves who they are"
_SIGNED: ty.Final = "signed by OAuth, not sent with a token of Keystone's"
_REFUSED: ty.Final = "Keystone always refuses it, with 400"
_OF_USER: ty.Final = "/users/{user_id}"
_FEDERATION: ty.Final = "/OS-FEDERATION/identity_providers/{idp_id}/protocols"

# What is inserted under a collection of the same name, and shown below it.
_RESOURCES: ty.Final = (
    ("/OS-EP-FILTER/endpoint_groups", "endpoint_group", catalog.EndpointGroup),
    ("/OS-OAUTH1/consumers", "consumer", oauth1.Consumer),
    ("/OS-TRUST/trusts", "trust", trust.TrustModel),
    ("/credentials", "credential", credential.CredentialModel),
    ("/domains", "domain", resource.Project),
    ("/endpoints", "endpoint", catalog.Endpoint),
    ("/groups", "group", identity.Group),
    ("/policies", "policy", policy.PolicyModel),
    ("/projects", "project", resource.Project),
    ("/regions", "region", catalog.Region),
    ("/roles", "role", assignment.RoleTable),
    ("/services", "service", catalog.Service),
    ("/users", "user", identity.User),
)
_EC2 = Kind("ec2_credential", credential.CredentialModel, "id")
_APPLICATION_CREDENTIAL = Kind(
    "application_credential", app_creds.ApplicationCredentialModel, "id"
)
_LIMIT = Kind("limit", limit.LimitModel, "id")
_REGISTERED_LIMIT = Kind("registered_limit", limit.RegisteredLimitModel, "id")
# One before it writes down that somebody tried; one after it revokes tokens.
_PASSWORD = Change("password", (identity.Password,), followed=True)


def _several(collection: str, one: str, many: str) -> Rebuild:
    """Return a function that rebuilds an answer with several resources."""

    def rebuild(case: Case) -> webob.Response | None:
        ids = [made.id for made in case.resources]
        shown = [case.get(f"{collection}/{id_}") for id_ in ids]
        found = [answer for answer in shown if answer is not None]
        if len(found) != len(ids):
            return None
        answer = found[0]
        answer.status_int = http.HTTPStatus.CREATED
        answer.json_body = {many: [each.json[one] for each in found]}
        return answer

    return rebuild


def _ec2(case: Case) -> webob.Response | None:
    """Return an EC2 credential, which has the digest of its key as its id."""
    answer = case.get(
        rebuilding.named(f"{_OF_USER}/credentials/OS-EC2", case)
    )
    if answer is None:
        return None
    for one in answer.json["credentials"]:
        digest = hashlib.sha256(one["access"].encode()).hexdigest()
        if digest == case.resources[0].id:
            answer.status_int = http.HTTPStatus.CREATED
            answer.json_body = {"credential": one}
            return answer
    return None


def _linked(path: str, name: str, model: ty.Any) -> Operation:
    kind = Kind(name, model, "id")
    return Operation(path, kind, rebuilding.shown(f"{path}/{{id}}"))


OPERATIONS: ty.Final = (
    *(_linked(*row) for row in _RESOURCES),
    Operation("/limits", _LIMIT, _several("/limits", "limit", "limits")),
    Operation(
        "/registered_limits",
        _REGISTERED_LIMIT,
        _several(
            "/registered_limits", "registered_limit", "registered_limits"
        ),
    ),
    Operation(
        f"{_OF_USER}/application_credentials",
        _APPLICATION_CREDENTIAL,
        rebuilding.shown(f"{_OF_USER}/application_credentials/{{id}}"),
    ),
    Operation(f"{_OF_USER}/credentials/OS-EC2", _EC2, _ec2),
    Operation(f"{_OF_USER}/password", _PASSWORD, rebuilding.empty()),
    Operation("/OS-OAUTH1/access_token", left_out=_SIGNED),
    Operation("/OS-OAUTH1/consumers/{consumer_id}", left_out=_REFUSED),
    Operation("/OS-OAUTH1/request_token", left_out=_SIGNED),
    Operation("/policies/{policy_id}", left_out=_REFUSED),
    *(
        Operation(path, left_out=_PROVES)
        for path in (
            f"{_FEDERATION}/{{protocol_id}}/auth",
            "/OS-OAUTH2/token",
            f"/auth{_FEDERATION}/{{protocol_id}}/websso",
            "/auth/OS-FEDERATION/saml2",
            "/auth/OS-FEDERATION/saml2/ecp",
            "/auth/OS-FEDERATION/websso/{protocol_id}",
            "/auth/tokens",
            "/ec2tokens",
            "/s3tokens",
        )
    ),
)


def _context(environ: Environ) -> ty.Any:
    context = environ.get(contexts.REQUEST_CONTEXT_ENV)
    return context if context is not None and context.authenticated else None


def _fault(status: int, message: str, req: webob.Request) -> webob.Response:
    """Return an error as Keystone's own handler makes it."""
    title = http.HTTPStatus(status).phrase
    error = {"code": status, "title": title, "message": message}
    answer = webob.Response(status=status, json_body={"error": error})
    answer.headers["Vary"] = "X-Auth-Token"
    return answer


def _conf() -> cfg.ConfigOpts:
    keystone.conf.configure()
    sql.initialize()
    keystone.conf.set_config_defaults()
    conf: cfg.ConfigOpts = CONF
    return conf


def _load(conf: cfg.ConfigOpts, arguments: ty.Sequence[str]) -> None:
    files = core._get_config_files() or None
    conf(arguments, project="keystone", default_config_files=files)


def _prepare() -> None:
    """Load the policies: while one thread does, others find none."""
    enforcer = RBACEnforcer()._enforcer
    # As Keystone does within a request.
    enforcer.suppress_deprecation_warnings = True
    enforcer.load_rules()


ADAPTER: ty.Final = Adapter(
    name="keystone",
    database=sql.core._get_main_context_manager,
    options="database",
    conf=_conf,
    load=_load,
    context=_context,
    fault=_fault,
    operations=OPERATIONS,
    turn_off="let the WSGI server load keystone.wsgi.api again",
    prefix="/v3",
    prepare=_prepare,
    places={
        **{name: f"{path}/{{id}}" for path, name, _ in _RESOURCES},
        _LIMIT.name: "/limits/{id}",
        _REGISTERED_LIMIT.name: "/registered_limits/{id}",
    },
)
