# SPDX-License-Identifier: Apache-2.0
"""Keystone: services, projects and passwords, of callers who have logged in.

Each caller is a user of its own, made by the administrator.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
import typing as ty
import uuid

from cryptography import fernet

from chaos.client import Client
from chaos.services.asking import Ask
from chaos.services.asking import Operation
from chaos.services.row import IDEMPOTENCY
from chaos.services.row import Row
from chaos.services.row import Setup
from embedded import config
from embedded.services.service import Command
from embedded.services.service import script

_FILE: ty.Final = "keystone.conf"
_ADMIN: ty.Final = "admin"
_PASSWORD: ty.Final = "of-tests-only"  # noqa: S105 - no secret is kept
_KEYS: ty.Final = ("fernet", "credential")


class _Doorman:
    """Makes users, and lets each of them log in once.

    :param ask: asks Keystone
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __call__(self, client: Client) -> Client:
        """Return a caller who is an administrator of its own."""
        admin, project, role = self._admin
        user = _made(self._ask, admin, uuid.uuid4().hex)
        at = f"/v3/projects/{project}/users/{user}/roles/{role}"
        self._ask("PUT", at, None, admin)
        who = self._log_in({"id": user})
        return dataclasses.replace(client, caller=user, who=who)

    @functools.cached_property
    def _admin(self) -> tuple[ty.Mapping[str, str], str, str]:
        """The first user's token, and what it has: a project and a role."""
        first = {"name": _ADMIN, "domain": {"id": "default"}}
        who = self._log_in(first)

        def id_of(many: str) -> str:
            path = f"/v3/{many}?name={_ADMIN}"
            found: str = self._ask("GET", path, None, who).json[many][0]["id"]
            return found

        return who, id_of("projects"), id_of("roles")

    def _log_in(self, user: ty.Any) -> ty.Mapping[str, str]:
        project = {"name": _ADMIN, "domain": {"id": "default"}}
        body = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {**user, "password": _PASSWORD}},
                },
                "scope": {"project": project},
            }
        }
        answer = self._ask("POST", "/v3/auth/tokens", body, {})
        return {"X-Auth-Token": answer.headers["X-Subject-Token"]}


def _made(ask: Ask, who: ty.Mapping[str, str], name: str) -> str:
    body = {"user": {"name": name, "password": _PASSWORD}}
    made: str = ask("POST", "/v3/users", body, who).json["user"]["id"]
    return made


def _other(ask: Ask, client: Client) -> str:
    """Make another user, whose tokens end with its password; return its id."""
    return _made(ask, client.who, f"g{client.caller}")


# Keystone asks the database who its callers are before it comes to tokens.
_asked: ty.Final = functools.partial(Operation, before=(500,))
_SERVICE: ty.Final = _asked(
    "/v3/services",
    {"service": {"type": "{caller}"}},
    kind="service",
    named_by="id",
    inside="service",
    listing="/v3/services?type={caller}",
    many="services",
)
_CHANGED: ty.Final = _asked(
    "/v3/users/{given}/password",
    {
        "user": {
            "password": "of-{caller}",
            "original_password": _PASSWORD,
        }
    },
    kind="password",
    named_by="",
    listing="/v3/users/{given}",
    gives=_other,
    only_changes=True,
    loses=True,
)
# Its name can be another's no more.
_PROJECT: ty.Final = _asked(
    "/v3/projects",
    {"project": {"name": "{caller}"}},
    kind="project",
    named_by="id",
    inside="project",
    listing="/v3/projects?name={caller}",
    many="projects",
)
_REFUSED: ty.Final = dataclasses.replace(
    _SERVICE, body={"service": {"type": 1}}, refusal=400
)
_WRONG: ty.Final = dataclasses.replace(
    _CHANGED,
    body={"user": {"password": "any", "original_password": "wrong"}},
    refusal=401,
)


def _files(setup: Setup) -> ty.Mapping[str, str]:
    keys = {name: setup.shared / name for name in _KEYS}
    return {
        _FILE: config.render({
            "DEFAULT": {
                "log_file": setup.folder / "service.log",
                "use_stderr": False,
            },
            "database": setup.database,
            # Each caller logs in: that is not what is looked at.
            "identity": {"password_hash_rounds": 4},
            "fernet_tokens": {"key_repository": keys["fernet"]},
            "fernet_receipts": {"key_repository": keys["fernet"]},
            "credential": {"key_repository": keys["credential"]},
            # Each process has its own: nothing is changed here that it keeps.
            "cache": {"backend": "oslo_cache.dict"},
            "idempotency": IDEMPOTENCY,
        })
    }


def _schema(setup: Setup) -> ty.Sequence[Command]:
    file = str(setup.folder / _FILE)
    manage = functools.partial(
        script, "keystone-manage", "--config-file", file
    )
    return [
        manage("db_sync"),
        manage("bootstrap", "--bootstrap-password", _PASSWORD),
    ]


def _prepare(shared: Path) -> None:
    for name in _KEYS:
        (shared / name).mkdir(mode=0o700)
        for number in ("0", "1"):
            key = fernet.Fernet.generate_key()
            (shared / name / number).write_bytes(key)


KEYSTONE: ty.Final = Row(
    name="keystone",
    application="openstack_idempotency.serving.keystone",
    file=_FILE,
    files=_files,
    environment=lambda setup: {"OS_KEYSTONE_CONFIG_DIR": str(setup.folder)},
    schema=_schema,
    operations=(
        _SERVICE,
        _CHANGED,
        *[_SERVICE] * 3,
        *[_PROJECT] * 2,
        *[_CHANGED] * 2,
        _REFUSED,
        _WRONG,
    ),
    refused=_REFUSED,
    made={
        _SERVICE.kind: "SELECT type, id FROM service",
        _PROJECT.kind: "SELECT name, id FROM project"
        " WHERE length(name) = 32",
        # Whose password was changed with the old one, and not by others.
        _CHANGED.kind: "SELECT substr(l.name, 2), substr(l.name, 2)"
        " FROM local_user l JOIN password p ON p.local_user_id = l.id"
        " WHERE l.name LIKE 'g%' AND p.self_service",
    },
    who=_Doorman,
    prepare=_prepare,
)
