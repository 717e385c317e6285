# SPDX-License-Identifier: Apache-2.0
"""What the story makes with `openstack` besides servers: a row each."""

from __future__ import annotations

from dataclasses import dataclass

from keystoneauth1 import adapter

from embedded import cloud
from embedded import openrc
from embedded.services import CINDER
from embedded.services import GLANCE
from embedded.services import KEYSTONE
from embedded.services import NEUTRON
from embedded.services.service import Service


@dataclass(frozen=True)
class Made:
    """What is made once, though the client is killed and run again.

    None needs another: their commands run at the same time.

    :param service: the service that makes it
    :param noun: what `openstack` calls it
    :param name: its name
    :param options: the options of the command that creates it
    :param listed: the path below the service's endpoint that lists it, and
        where it is made
    :param collection: the name of that list
    :param who: who makes it
    """

    service: Service
    noun: str
    name: str
    options: tuple[str, ...]
    listed: str
    collection: str
    who: tuple[str, str] = openrc.DEMO

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line."""
        create = (self.noun, "create", *self.options, self.name)
        return ("--os-client-token", *create)

    def ids(self, api: adapter.Adapter) -> list[str]:
        """Return the ids of what has its name.

        :param api: the service's
        """
        found = api.get(self.listed, params={"name": self.name}).json()
        return [one["id"] for one in found[self.collection]]


#: All of them; each service takes client tokens.
MADE = (
    Made(
        GLANCE,
        "image",
        "picture",
        ("--file", "README.md"),
        "/v2/images",
        "images",
    ),
    Made(NEUTRON, "network", "lan", (), "/v2.0/networks", "networks"),
    Made(
        NEUTRON,
        "port",
        "plug",
        ("--network", cloud.NETWORK),
        "/v2.0/ports",
        "ports",
    ),
    Made(CINDER, "volume", "disk", ("--size", "1"), "/volumes", "volumes"),
    Made(
        KEYSTONE,
        "project",
        "plans",
        (),
        "/projects",
        "projects",
        openrc.ADMIN,
    ),
)
