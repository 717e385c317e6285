# SPDX-License-Identifier: Apache-2.0
"""The users of the stack, and its catalog, through keystone's own API."""

from __future__ import annotations

import typing as ty

from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1.identity import v3
import requests

from embedded import config
from embedded.services import SERVICES
from embedded.site import Site

DEMO_PROJECT = "demo"


def log_in(site: Site, user: str, project: str) -> session.Session:
    """Return a session of a user on a project."""
    client = requests.Session()
    # A proxy that is set for this machine's user cannot reach the stack.
    client.trust_env = False
    password = v3.Password(
        auth_url=f"{site.url('keystone')}/v3",
        username=user,
        password=site.secrets.passwords[user],
        user_domain_name="Default",
        project_name=project,
        project_domain_name="Default",
    )
    return session.Session(auth=password, session=client)


def populate(site: Site) -> None:
    """Make the catalog and all users what the site says, as often as asked."""
    identity = _Identity(log_in(site, "admin", "admin"))
    service_project = identity.ensure("project", name=config.SERVICE_PROJECT)
    demo_project = identity.ensure("project", name=DEMO_PROJECT)
    for service in SERVICES:
        entry = identity.ensure("service", name=service.name,
                                type=service.kind)
        identity.ensure_endpoint(entry, service.url(site))
        if service.name in site.secrets.passwords:
            identity.ensure_user(service.name, site, service_project,
                                 roles=("admin", "service"))
    identity.ensure_user("demo", site, demo_project, roles=("member",))


class _Identity:
    """Keystone's collections, each entry found or else made."""

    def __init__(self, admin: session.Session) -> None:
        self._api = adapter.Adapter(
            admin, service_type="identity", interface="public", min_version="3"
        )

    def find(self, kind: str, **query: str) -> ty.Any:
        """Return the entry that the query names, or None."""
        answer = self._api.get(f"/{kind}s", params=query).json()
        return next(iter(answer[f"{kind}s"]), None)

    def ensure(self, kind: str, **attributes: ty.Any) -> str:
        """Return the id of the entry of that name."""
        entry = self.find(kind, name=attributes["name"])
        return entry["id"] if entry else self._create(kind, attributes)

    def ensure_endpoint(self, service: str, url: str) -> None:
        """Let the one public endpoint of a service be the URL."""
        entry = self.find("endpoint", service_id=service, interface="public")
        if entry is None:
            self._create("endpoint", {
                "service_id": service,
                "interface": "public",
                "url": url,
                "region_id": config.REGION,
            })
        elif entry["url"] != url:
            self._api.patch(f"/endpoints/{entry['id']}",
                            json={"endpoint": {"url": url}})

    def ensure_user(
        self, name: str, site: Site, project: str, roles: tuple[str, ...]
    ) -> None:
        """Let there be a user with these roles on the project."""
        user = self.ensure("user", name=name,
                           password=site.secrets.passwords[name])
        for role in roles:
            role_id = self.ensure("role", name=role)
            self._api.put(f"/projects/{project}/users/{user}/roles/{role_id}")

    def _create(self, kind: str, attributes: dict[str, ty.Any]) -> str:
        answer = self._api.post(f"/{kind}s", json={kind: attributes})
        return str(answer.json()[kind]["id"])
