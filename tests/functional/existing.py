# SPDX-License-Identifier: Apache-2.0
"""A server that exists, and an action of it that is not linked."""

from __future__ import annotations

import typing as ty
import uuid

from nova import context
from nova import objects
from nova.tests.unit import fake_flavor
from testing.nova import base


class Existing(base.Mixin):
    """A mixin whose caller is an administrator with a server."""

    def setUp(self) -> None:
        super().setUp()
        self.api = self.api_fixture.admin_api
        self.api.microversion = self.microversion
        self.server_id = self.existing_server()

    def existing_server(self) -> str:
        """Put a server into the cell, as if it had been built."""
        admin = context.get_admin_context()
        cell = self.cell_mappings["cell1"]
        server = {"uuid": str(uuid.uuid4()), "display_name": "vm0"}
        server |= {"vm_state": "active"}
        server |= {"user_id": "fake", "project_id": self.api.project_id}
        with context.target_cell(admin, cell) as targeted:
            flavor = fake_flavor.fake_flavor_obj(targeted)
            instance = objects.Instance(targeted, **server, flavor=flavor)
            instance.create()
        mapping = {"instance_uuid": instance.uuid, "cell_mapping": cell}
        mapping |= {"project_id": self.api.project_id, "user_id": "fake"}
        objects.InstanceMapping(admin, **mapping).create()
        return instance.uuid

    def reset(
        self,
        token: str | None = None,
        server: ty.Any = None,
        state: str = "error",
        **headers: str,
    ) -> ty.Any:
        """Send a POST that sets the state of a server."""
        path = f"/servers/{server or self.server_id}/action"
        body = {"os-resetState": {"state": state}}
        return self.post(path, body, token, **headers)

    def actions(self) -> list[str]:
        """Return the ids of the requests that Nova recorded as started."""
        path = f"/servers/{self.server_id}/os-instance-actions"
        recorded = self.api.api_get(path).body["instanceActions"]
        return [action["request_id"] for action in recorded]
