# SPDX-License-Identifier: Apache-2.0
"""A request for each of Keystone's POSTs."""

from __future__ import annotations

import functools
import typing as ty

from tests.services.base import some
from tests.services.keystone.world import PASSWORD
from tests.services.sample import Ask
from tests.services.sample import Sample
from tests.services.sample import Wanted

_DEFAULT: ty.Final = "default"
_NAMED: ty.Final[dict[str, tuple[str, dict[str, ty.Any]]]] = {
    "/domains": ("domain", {}),
    "/groups": ("group", {}),
    "/projects": ("project", {"domain_id": _DEFAULT}),
    "/roles": ("role", {}),
    "/services": ("service", {"type": "compute"}),
    "/users": ("user", {"password": PASSWORD, "domain_id": _DEFAULT}),
    "/OS-EP-FILTER/endpoint_groups": (
        "endpoint_group",
        {"filters": {"interface": "public"}},
    ),
}


def _named(path: str, ask: Ask) -> Wanted:
    key, fields = _NAMED[path]
    body = {key: {"name": some(key), **fields}}
    return Wanted(path, body, {key: body[key] | {"name": some(key)}})


def _described(path: str, key: str, ask: Ask) -> Wanted:
    """Return a request whose description differs from the other one's."""
    one, other = ({key: {"description": some(key)}} for _ in range(2))
    return Wanted(path, one, other)


def _admin(ask: Ask) -> str:
    (user,) = ask("GET", "/users?name=admin")["users"]
    return ty.cast("str", user["id"])


def _project(ask: Ask) -> str:
    (project,) = ask("GET", "/projects?name=a-project")["projects"]
    return ty.cast("str", project["id"])


def _service(ask: Ask) -> str:
    body = {"service": {"type": "compute", "name": some("service")}}
    return ty.cast("str", ask("POST", "/services", body)["service"]["id"])


def _user(ask: Ask) -> str:
    body = {
        "user": {
            "name": some("user"),
            "password": PASSWORD,
            "domain_id": _DEFAULT,
        }
    }
    return ty.cast("str", ask("POST", "/users", body)["user"]["id"])


def _trust(ask: Ask) -> Wanted:
    body = {
        "trustor_user_id": _admin(ask),
        "trustee_user_id": _user(ask),
        "impersonation": True,
        "project_id": _project(ask),
        "roles": [{"name": "member"}],
    }
    other = body | {"impersonation": False}
    return Wanted("/OS-TRUST/trusts", {"trust": body}, {"trust": other})


def _credential(ask: Ask) -> Wanted:
    body = {
        "type": "cert",
        "blob": some("blob"),
        "user_id": _admin(ask),
        "project_id": _project(ask),
    }
    other = body | {"blob": some("blob")}
    return Wanted("/credentials", {"credential": body}, {"credential": other})


def _policy(ask: Ask) -> Wanted:
    body = {"type": "application/json", "blob": some("blob")}
    other = body | {"blob": some("blob")}
    return Wanted("/policies", {"policy": body}, {"policy": other})


def _endpoint(ask: Ask) -> Wanted:
    body = {
        "interface": "public",
        "service_id": _service(ask),
        "url": "http://one.example",
    }
    other = body | {"url": "http://another.example"}
    return Wanted("/endpoints", {"endpoint": body}, {"endpoint": other})


def _registered(ask: Ask) -> ty.Any:
    return {
        "service_id": _service(ask),
        "resource_name": some("snapshot"),
        "default_limit": 10,
    }


def _registered_limit(ask: Ask) -> Wanted:
    limit = _registered(ask)
    one, other = {"default_limit": 5}, {"default_limit": 6}
    return Wanted(
        "/registered_limits",
        {"registered_limits": [limit | one]},
        {"registered_limits": [limit | other]},
    )


def _limit(ask: Ask) -> Wanted:
    registered = _registered(ask)
    ask("POST", "/registered_limits", {"registered_limits": [registered]})
    del registered["default_limit"]
    limit = {**registered, "project_id": _project(ask)}
    return Wanted(
        "/limits",
        {"limits": [limit | {"resource_limit": 5}]},
        {"limits": [limit | {"resource_limit": 6}]},
    )


def _application_credential(ask: Ask) -> Wanted:
    key = "application_credential"
    return Wanted(
        f"/users/{_admin(ask)}/application_credentials",
        {key: {"name": some(key)}},
        {key: {"name": some(key)}},
    )


def _ec2(ask: Ask) -> Wanted:
    # Of a user whose list is in no cache: a dead worker leaves that as it is.
    return Wanted(
        f"/users/{_user(ask)}/credentials/OS-EC2",
        {"tenant_id": _project(ask)},
        {"tenant_id": "another"},
    )


def _password(ask: Ask) -> Wanted:
    def body(password: str) -> ty.Any:
        given = {"password": password, "original_password": PASSWORD}
        return {"user": given}

    path = f"/users/{_user(ask)}/password"
    return Wanted(path, body("new of tests"), body("newer of tests"))


def _sample(given: ty.Any, table: str, *lost: str) -> Sample:
    return Sample(given, f"INSERT {table}", table, lost=lost)


SAMPLES: ty.Final = {
    **{
        path: _sample(
            functools.partial(_named, path),
            "project" if key == "domain" else key,
        )
        for path, (key, _) in _NAMED.items()
    },
    # Their secrets are shown once.
    "/OS-OAUTH1/consumers": _sample(
        functools.partial(_described, "/OS-OAUTH1/consumers", "consumer"),
        "consumer",
        "secret",
    ),
    "/users/{user_id}/application_credentials": _sample(
        _application_credential, "application_credential", "secret"
    ),
    "/OS-TRUST/trusts": _sample(_trust, "trust"),
    "/credentials": _sample(_credential, "credential"),
    "/endpoints": _sample(_endpoint, "endpoint"),
    "/limits": _sample(_limit, "limit"),
    "/policies": _sample(_policy, "policy"),
    "/regions": _sample(
        functools.partial(_described, "/regions", "region"), "region"
    ),
    "/registered_limits": _sample(_registered_limit, "registered_limit"),
    "/users/{user_id}/credentials/OS-EC2": _sample(_ec2, "credential"),
    "/users/{user_id}/password": _sample(_password, "password"),
}
