# SPDX-License-Identifier: Apache-2.0
"""Servers that are withdrawn as the engine withdraws them."""

from __future__ import annotations

import contextlib
import typing as ty
import uuid

import fixtures
import sqlalchemy as sa

from nova import context
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.idempotency import withdrawal
from nova.idempotency import undoing
from nova.tests import fixtures as nova_fixtures
from nova.volume import cinder
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import transaction
from openstack_idempotency.sql.connections import Connections
from testing.nova import base


class _RolledBack(Exception):
    """Nothing is withdrawn."""


class Withdrawing(base.Mixin):
    """A mixin that asks for servers, and withdraws them."""

    def setUp(self) -> None:
        super().setUp()
        self.volumes = self.useFixture(nova_fixtures.CinderFixture(self))
        #: The volumes that somebody deleted.
        self.volumes_deleted: list[str] = []
        delete = fixtures.MockPatchObject(cinder.API, "delete", self._delete)
        self.useFixture(delete)
        connections = Connections(api_db.context_manager)
        self.addCleanup(connections.dispose)
        #: Runs transactions as the engine does.
        self.runner = transaction.Runner(connections, "db sync")

    def _delete(self, ctxt: ty.Any, volume: str) -> None:
        self.volumes_deleted.append(volume)

    def asked_for(
        self, group: str | None = None, **fields: ty.Any
    ) -> list[str]:
        """Ask for servers, and return the ids of those with a BuildRequest.

        :param group: the id of a server group
        :param fields: of the body's server
        """
        before = set(self.build_requests())
        body = self.server(**fields)
        if group is not None:
            body["os:scheduler_hints"] = {"group": group}
        answer = self.post("/servers", body)
        self.assertEqual(202, answer.status_code, answer.content)
        return [one for one in self.build_requests() if one not in before]

    def build_requests(self) -> list[str]:
        """Return the servers that have a BuildRequest, in their order."""
        table = api_models.BuildRequest.__table__
        query = sa.select(table.c.instance_uuid).order_by(table.c.id)
        with api_db.get_engine().connect() as connection:
            return list(connection.scalars(query))

    def withdraw(self, servers: ty.Sequence[str]) -> Withdrawn:
        """Withdraw as the engine does; roll back where it has to."""
        running = self.runner.connections.transaction()
        with contextlib.suppress(_RolledBack), running as connection:
            done = withdrawal.withdraw(connection, self.bound(servers))
            if done.fate is Fate.TAKEN:
                raise _RolledBack
        return done

    def bound(self, servers: ty.Sequence[str]) -> list[Resource]:
        """Return servers as they are bound to a token."""
        return [Resource("server", one, "") for one in servers]

    def withdraw_and_undo(self, servers: ty.Sequence[str]) -> Withdrawn:
        """Withdraw, and undo what there is to be undone."""
        done = self.withdraw(servers)
        self.undo(done)
        return done

    def undo(self, done: Withdrawn) -> None:
        """Undo what there is to be undone."""
        for _, todo in done.todos:
            undoing.undo(self.caller(), self.runner, todo)

    def caller(self) -> context.RequestContext:
        """Return the context of who sends the requests."""
        return context.RequestContext(
            "fake", self.api.project_id, auth_token="of no use"
        )

    def attached(self) -> dict[str, list[str]]:
        """Return the attachments of volumes by the servers that have them."""
        found: dict[str, list[str]] = {}
        for volume in self.volumes.volume_to_attachment.values():
            for attachment in volume.values():
                server = attachment["instance_uuid"]
                found.setdefault(server, []).append(attachment["id"])
        return found

    def with_a_volume(self) -> dict[str, ty.Any]:
        """Return fields of a server with a volume that is to go with it."""
        image = self.glance.auto_disk_config_enabled_image["id"]
        root = {"uuid": image, "source_type": "image", "boot_index": 0}
        root |= {"destination_type": "local", "delete_on_termination": True}
        volume: dict[str, object] = {"uuid": str(uuid.uuid4())}
        volume |= {"source_type": "volume"}
        volume |= {"destination_type": "volume", "boot_index": -1}
        volume |= {"delete_on_termination": True}
        return {"block_device_mapping_v2": [root, volume]}
