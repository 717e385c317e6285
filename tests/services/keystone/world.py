# SPDX-License-Identifier: Apache-2.0
"""Keystone, as uWSGI would load it: with tokens of its own."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import typing as ty
from unittest import mock

from cryptography import fernet
import webob

from openstack_idempotency.sql import migration
from tests.services import world
from tests.services.base import some

_CONF = """
[DEFAULT]
use_stderr = false
[database]
connection = sqlite:///{folder}/keystone.sqlite
sqlite_synchronous = false
[identity]
password_hash_rounds = 4
[fernet_tokens]
key_repository = {folder}/fernet
[fernet_receipts]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
[cache]
enabled = true
backend = oslo_cache.dict
"""
PASSWORD: ty.Final = "of tests only"
# What the first user is called, and its role.
_ADMIN: ty.Final = "admin"


def write(folder: pathlib.Path) -> pathlib.Path:
    """Write the configuration, and return the file."""
    file = folder / "keystone.conf"
    file.write_text(_CONF.format(folder=folder) + world.IDEMPOTENCY)
    for keys in ("fernet", "credential"):
        (folder / keys).mkdir(mode=0o700)
        for number in ("0", "1"):
            (folder / keys / number).write_bytes(fernet.Fernet.generate_key())
    return file


@functools.cache
def keystone() -> world.World:
    """Return the one of this process."""
    folder = world.folder()
    write(folder)
    os.environ["OS_KEYSTONE_CONFIG_DIR"] = str(folder)
    with world.no_arguments():
        from openstack_idempotency.services.keystone import ADAPTER
        from openstack_idempotency.serving import keystone as served

    engine = ADAPTER.database().writer.get_engine()
    _fill(engine)
    migration.db_sync(engine)
    tokens = Tokens(served.application)
    return world.World(
        served.application, ADAPTER, served.CONF, engine, tokens.headers,
        "/v3",
    )  # fmt: skip


def _fill(engine: ty.Any) -> None:
    from keystone.cmd.bootstrap import Bootstrapper
    from keystone.common import sql

    sql.ModelBase.metadata.create_all(engine)
    # The application has loaded them, and locked what is loaded.
    name = "keystone.cmd.bootstrap.backends.load_backends"
    with mock.patch(name):
        first = Bootstrapper()
    first.admin_username = first.admin_role_name = _ADMIN
    first.project_name = "a-project"
    first.admin_password = PASSWORD
    first.bootstrap()


class Tokens:
    """Lets callers log in, each once."""

    def __init__(self, application: ty.Any) -> None:
        self._application = application
        self._known: dict[world.Caller, str] = {}

    def headers(self, caller: world.Caller) -> dict[str, str]:
        if caller not in self._known:
            self._known[caller] = self._log_in(caller)
        return {"X-Auth-Token": self._known[caller]}

    def _log_in(self, caller: world.Caller) -> str:
        default = world.Caller()
        if caller.user != _ADMIN:
            return self._another(caller)
        if caller.domain:
            (role,) = self._ask("GET", "/roles?name=admin")["roles"]
            at = f"/domains/{caller.domain}/users/{self.user}"
            self._ask("PUT", f"{at}/roles/{role['id']}")
        if caller.roles == default.roles:
            return self._token(_ADMIN, self._scope(caller))
        made = self._ask(
            "POST",
            f"/users/{self.user}/application_credentials",
            {
                "application_credential": {
                    "name": some("fewer"),
                    "roles": [{"name": role} for role in caller.roles],
                }
            },
        )["application_credential"]
        given = {"id": made["id"], "secret": made["secret"]}
        return self._authenticate({
            "identity": {
                "methods": ["application_credential"],
                "application_credential": given,
            }
        }).headers["X-Subject-Token"]

    def _scope(self, caller: world.Caller) -> ty.Any:
        if caller.system:
            return {"system": {"all": True}}
        if caller.domain:
            return {"domain": {"id": caller.domain}}
        domain = {"id": "default"}
        return {"project": {"name": caller.project, "domain": domain}}

    def _another(self, caller: world.Caller) -> str:
        """Make a user with these roles on a project."""
        project = caller.project
        found = self._ask("GET", f"/projects?name={project}")["projects"]
        if not found:
            body = {"project": {"name": project, "domain_id": "default"}}
            found = [self._ask("POST", "/projects", body)["project"]]
        name = some(caller.user)
        body = {"user": {"name": name, "password": PASSWORD,
                         "domain_id": "default"}}  # fmt: skip
        user = self._ask("POST", "/users", body)["user"]["id"]
        roles = self._ask("GET", "/roles")["roles"]
        for role in roles:
            if role["name"] in caller.roles:
                at = f"/projects/{found[0]['id']}/users/{user}"
                self._ask("PUT", f"{at}/roles/{role['id']}")
        return self._token(name, self._scope(caller))

    @functools.cached_property
    def user(self) -> str:
        """The id of the first user."""
        (found,) = self._ask("GET", f"/users?name={_ADMIN}")["users"]
        return ty.cast("str", found["id"])

    def _ask(self, method: str, path: str, body: ty.Any = None) -> ty.Any:
        req = webob.Request.blank(
            f"/v3{path}",
            method=method,
            headers=self.headers(world.Caller()),
        )
        if body is not None:
            req.content_type = "application/json"
            req.body = json.dumps(body).encode()
        answer = req.get_response(self._application)
        if answer.status_int >= 300:
            raise AssertionError(answer.text)
        return answer.json if answer.body else None

    def _token(self, user: str, scope: ty.Any) -> str:
        given = {
            "name": user,
            "password": PASSWORD,
            "domain": {"id": "default"},
        }
        answer = self._authenticate({
            "identity": {"methods": ["password"], "password": {"user": given}},
            "scope": scope,
        })
        token: str = answer.headers["X-Subject-Token"]
        return token

    def _authenticate(self, auth: ty.Any) -> webob.Response:
        req = webob.Request.blank(
            "/v3/auth/tokens", method="POST", json_body={"auth": auth}
        )
        answer = req.get_response(self._application)
        if answer.status_int != 201:
            raise AssertionError(answer.text)
        return answer
