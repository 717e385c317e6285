# SPDX-License-Identifier: Apache-2.0
"""A Nova with one host, one server on it, and all that POSTs refer to."""

from __future__ import annotations

import typing as ty

import fixtures
from oslo_utils import timeutils

from nova import context
from nova import objects
from nova.api.openstack import identity
from nova.scheduler.client import report
from nova.share import manila
from nova.tests.unit import fake_flavor
from testing.nova import base
from testing.nova import effects
from testing.nova import neighbours
from testing.nova import releases

HOST = "host1"
SERVER = "5f1b7a52-0b1c-4b5e-9c53-6d1f1b1f2a10"
IMAGE = "155d900f-4e14-4e4c-a73d-069cbf4541e6"
VOLUME = "a07f71dc-8151-4e7d-a0cc-cd24a3f11113"
PRIVATE_FLAVOR = "private"
# With these, placement says that the host attaches shares.
_TRAITS = {"COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_MEM_BACKING_FILE"}


class Cloud(base.TestCase):
    """The API beside fake neighbours, whose changes are written down."""

    def setUp(self) -> None:
        self.useFixture(releases.BootVolume())
        super().setUp()
        self.api = self.api_fixture.admin_api
        self.api.microversion = self.microversion
        self.admin = context.get_admin_context()
        self.neutron = self.useFixture(neighbours.Neutron(self, SERVER))
        self.useFixture(neighbours.Cinder(self))
        self._replaced(manila.API, "get", staticmethod(neighbours.share))
        self._replaced(identity, "verify_project_id", lambda *_: True)
        placement = report.SchedulerReportClient
        for name in ("aggregate_add_host", "aggregate_remove_host"):
            self._replaced(placement, name, lambda *_, **__: None)
        traits = report.TraitInfo(_TRAITS, 1)
        self._replaced(placement, "get_provider_traits", lambda *_: traits)
        self.host()
        self.effects = self.useFixture(
            effects.Effects(
                self.neutron,
                self.glance,
                {
                    "attach_interface": neighbours.attached_interface,
                    "attach_volume": neighbours.attached_volume,
                    "reserve_block_device_name": neighbours.reserved_device,
                },
            )
        )

    def host(self) -> None:
        """Let there be a compute host in the cell."""
        cell = self.cell_mappings["cell1"]
        with context.target_cell(self.admin, cell) as targeted:
            self.service = objects.Service(
                targeted, host=HOST, binary="nova-compute", topic="compute"
            )
            self.service.create()
            self.node = objects.ComputeNode(
                targeted,
                service_id=self.service.id,
                host=HOST,
                hypervisor_hostname=HOST,
                vcpus=8,
                memory_mb=8192,
                local_gb=100,
                vcpus_used=0,
                memory_mb_used=0,
                local_gb_used=0,
                hypervisor_type="fake",
                hypervisor_version=1,
                cpu_info="",
                disk_available_least=100,
                cpu_allocation_ratio=1,
                ram_allocation_ratio=1,
                disk_allocation_ratio=1,
            )
            self.node.create()
        objects.HostMapping(self.admin, host=HOST, cell_mapping=cell).create()

    def server(self, **fields: ty.Any) -> ty.Any:
        """Put a server into the cell, as if it had been built.

        :param fields: what is not as it is with a server that runs
        """
        cell = self.cell_mappings["cell1"]
        owner = {"project_id": self.api.project_id, "user_id": "fake"}
        with context.target_cell(self.admin, cell) as targeted:
            flavor = fake_flavor.fake_flavor_obj(
                targeted, flavorid="1", expected_attrs=["extra_specs"]
            )
            built = self._as_it_runs(flavor) | fields
            instance = objects.Instance(targeted, **owner, **built)
            instance.create()
            self._disk(targeted, source_type="image", image_id=IMAGE)
        objects.InstanceMapping(
            self.admin, instance_uuid=SERVER, cell_mapping=cell, **owner
        ).create()
        self._request_spec(flavor)
        return instance

    def _as_it_runs(self, flavor: ty.Any) -> dict[str, ty.Any]:
        return {
            "uuid": SERVER,
            "vm_state": "active",
            "power_state": 1,
            "host": HOST,
            "node": HOST,
            "compute_id": self.node.id,
            "image_ref": IMAGE,
            "display_name": "vm1",
            "hostname": "vm1",
            "launch_index": 0,
            "launched_at": timeutils.utcnow(with_timezone=True),
            "availability_zone": neighbours.ZONE,
            "root_device_name": "/dev/vda",
            "flavor": flavor,
            "old_flavor": flavor,
            "new_flavor": flavor,
            "system_metadata": {},
            "info_cache": objects.InstanceInfoCache(
                network_info=neighbours.network_info()
            ),
        }

    def volume(self) -> None:
        """Attach a volume to the server."""
        with self.in_the_cell() as targeted:
            self._disk(targeted, source_type="volume", volume_id=VOLUME)

    def migration(self, status: str, kind: str) -> None:
        """Let the server be on its way to this host, or just have come."""
        with self.in_the_cell() as targeted:
            objects.Migration(
                targeted,
                instance_uuid=SERVER,
                status=status,
                migration_type=kind,
                source_compute=HOST,
                source_node=HOST,
                dest_compute=HOST,
                dest_node=HOST,
                dest_compute_id=self.node.id,
            ).create()

    def in_security_group(self) -> None:
        """Let the server's port be in the default security group."""
        self.neutron.in_security_group()

    def resized(self) -> None:
        """Let the server wait for its resize to be confirmed."""
        self.migration("finished", "resize")

    def migrating(self) -> None:
        """Let the server be migrated live."""
        self.migration("running", "live-migration")

    def host_is_down(self) -> None:
        """Let the server's host be down."""
        with self.in_the_cell():
            self.service.forced_down = True
            self.service.save()

    def private_flavor(self) -> None:
        """Let there be a flavor that nobody but its projects sees."""
        objects.Flavor(
            self.admin,
            name=PRIVATE_FLAVOR,
            flavorid=PRIVATE_FLAVOR,
            memory_mb=64,
            vcpus=1,
            root_gb=1,
            ephemeral_gb=0,
            swap=0,
            rxtx_factor=1.0,
            is_public=False,
            projects=["a-project"],
        ).create()

    def aggregate(self) -> None:
        """Let there be an aggregate without hosts."""
        objects.Aggregate(self.admin, name="rack1").create()

    def aggregate_with_host(self) -> None:
        """Let there be an aggregate with the host."""
        found = objects.Aggregate(self.admin, name="rack1")
        found.create()
        found.add_host(HOST)

    def in_the_cell(self) -> ty.Any:
        """Return a manager that gives a context of the server's cell."""
        return context.target_cell(self.admin, self.cell_mappings["cell1"])

    def _disk(self, targeted: ty.Any, **fields: ty.Any) -> None:
        volume = "volume_id" in fields
        objects.BlockDeviceMapping(
            targeted,
            instance_uuid=SERVER,
            destination_type="volume" if volume else "local",
            boot_index=-1 if volume else 0,
            device_name="/dev/vdc" if volume else "/dev/vda",
            connection_info="{}",
            **fields,
        ).create()

    def _request_spec(self, flavor: ty.Any) -> None:
        objects.RequestSpec(
            self.admin,
            instance_uuid=SERVER,
            project_id=self.api.project_id,
            user_id="fake",
            flavor=flavor,
            num_instances=1,
            image=objects.ImageMeta(
                id=IMAGE, properties=objects.ImageMetaProps()
            ),
            availability_zone=None,
            numa_topology=None,
            pci_requests=objects.InstancePCIRequests(requests=[]),
            ignore_hosts=None,
            force_hosts=None,
            force_nodes=None,
            retry=None,
            limits=None,
            instance_group=None,
            scheduler_hints=None,
            is_bfv=False,
        ).create()

    def _replaced(self, owner: ty.Any, name: str, value: ty.Any) -> None:
        self.useFixture(fixtures.MockPatchObject(owner, name, value))
