# SPDX-License-Identifier: Apache-2.0
"""What Nova's fixtures of its neighbours lack, and some POSTs of Nova need."""

from __future__ import annotations

import typing as ty
import uuid

from nova import objects
from nova.network import model
from nova.share import manila
from nova.tests.fixtures import cinder
from nova.tests.fixtures import neutron

PORT = neutron.NeutronFixture.port_1
NETWORK = neutron.NeutronFixture.network_1["id"]
SECURITY_GROUP = neutron.NeutronFixture.security_group["id"]
FREE = "203.0.113.7"
TAKEN = "203.0.113.8"
POOL = "public"
ADDRESS = "10.0.0.4"
ZONE = "nova"
_SUBNET = neutron.NeutronFixture.subnet_1["id"]
_CREATED = "2026-01-01T00:00:00.000000"
_POOL_ID = "9d8e8d3c-5b59-4a9f-9b5b-1d6a1a6f9c57"


class Neutron(neutron.NeutronFixture):  # type: ignore[misc]
    """Neutron with floating IPs and with security groups that can be made.

    FREE is a floating IP without a port, TAKEN one of a server's.

    :param server: the server whose port there is
    """

    #: What a test counts.
    CHANGES = (
        "create_port",
        "update_port",
        "delete_port",
        "create_floatingip",
        "update_floatingip",
        "create_security_group",
        "create_security_group_rule",
    )

    def __init__(self, test: ty.Any, server: str) -> None:
        super().__init__(test)
        self._server = server

    def setUp(self) -> None:
        super().setUp()
        self._ports[PORT["id"]] |= {
            "device_id": self._server,
            "device_owner": f"compute:{ZONE}",
            "fixed_ips": [{"ip_address": ADDRESS, "subnet_id": _SUBNET}],
            "security_groups": [],
        }
        self._networks[_POOL_ID] = {
            **self.network_1,
            "id": _POOL_ID,
            "name": POOL,
            "router:external": True,
        }
        self._floating = {
            address: self._floating_ip(address, port)
            for address, port in ((FREE, None), (TAKEN, PORT["id"]))
        }

    def _floating_ip(self, address: str, port: str | None) -> ty.Any:
        return {
            "id": str(uuid.uuid4()),
            "floating_ip_address": address,
            "floating_network_id": _POOL_ID,
            "fixed_ip_address": None,
            "port_id": port,
            "port_details": None,
        }

    def list_extensions(self, *args: ty.Any, **kwargs: ty.Any) -> ty.Any:
        found = super().list_extensions()
        details = {"alias": "fip-port-details", "name": "fip-port-details"}
        found["extensions"].append({**found["extensions"][0], **details})
        return found

    def list_floatingips(self, **params: ty.Any) -> ty.Any:
        params.pop("retrieve_all", None)
        found = self._list_resource(self._floating, True, **params)
        return {"floatingips": found}

    def create_floatingip(self, body: ty.Any) -> ty.Any:
        address = f"203.0.113.{100 + len(self._floating)}"
        self._floating[address] = self._floating_ip(address, None)
        return {"floatingip": self._floating[address]}

    def update_floatingip(self, id_: str, body: ty.Any) -> ty.Any:
        (found,) = [ip for ip in self._floating.values() if ip["id"] == id_]
        found.update(body["floatingip"])
        return {"floatingip": found}

    def find_resource(self, resource: str, name: str, *rest: ty.Any) -> ty.Any:
        """Return the default security group, the only one there is."""
        return self._security_groups[SECURITY_GROUP]

    def show_security_group(self, id_: str) -> ty.Any:
        group = self._security_groups[id_]
        return {"security_group": group | {"security_group_rules": []}}

    def in_security_group(self) -> None:
        """Put the server's port into the default security group."""
        self._ports[PORT["id"]]["security_groups"] = [SECURITY_GROUP]

    def create_security_group(self, body: ty.Any) -> ty.Any:
        made = {
            **self.security_group,
            "security_group_rules": [],
            **body["security_group"],
            "id": str(uuid.uuid4()),
        }
        self._security_groups[made["id"]] = made
        return {"security_group": made}

    def create_security_group_rule(self, body: ty.Any) -> ty.Any:
        rules = body["security_group_rules"]
        made = [{**rule, "id": str(uuid.uuid4())} for rule in rules]
        return {"security_group_rules": made}


class Cinder(cinder.CinderFixture):  # type: ignore[misc]
    """Cinder whose volumes and snapshots have all that Nova shows of them."""

    def fake_vol_create(self, *args: ty.Any, **kwargs: ty.Any) -> ty.Any:
        made = super().fake_vol_create(*args, **kwargs)
        shown = {
            "availability_zone": ZONE,
            "volume_type_id": None,
            "snapshot_id": None,
            "created_at": _CREATED,
        }
        return made | shown

    def fake_create_snapshot_force(self, *args: ty.Any) -> ty.Any:
        made = super().fake_create_snapshot_force(*args)
        return made | {"volume_size": 1, "created_at": _CREATED}


def network_info() -> ty.Any:
    """Return what Nova has cached of the server's network."""
    return model.NetworkInfo.hydrate(neutron.NeutronFixture.nw_info)


def attached_interface(ctxt: ty.Any, **kwargs: ty.Any) -> ty.Any:
    """Answer as nova-compute does when it attaches a port."""
    (info, *_) = network_info()
    return info | {"id": PORT["id"]}


def attached_volume(ctxt: ty.Any, **kwargs: ty.Any) -> str:
    """Answer as nova-conductor does when it attaches a volume."""
    return "/dev/vdb"


def reserved_device(
    ctxt: ty.Any, instance: ty.Any, volume_id: str, **kwargs: ty.Any
) -> objects.BlockDeviceMapping:
    """Answer as nova-compute does when it finds a place for a volume."""
    made = objects.BlockDeviceMapping(
        ctxt,
        instance_uuid=instance.uuid,
        source_type="volume",
        destination_type="volume",
        volume_id=volume_id,
        device_name="/dev/vdb",
    )
    made.create()
    return made


def share(context: ty.Any, share_id: str) -> manila.Share:
    """Answer as manila does of a share that can be attached."""
    return manila.Share(
        id=share_id,
        size=1,
        availability_zone=None,
        created_at=_CREATED,
        status="available",
        name=None,
        description=None,
        project_id=neutron.NeutronFixture.tenant_id,
        snapshot_id=None,
        share_network_id=None,
        share_proto="NFS",
        export_location="10.0.0.1:/share",
        metadata={},
        share_type=None,
        is_public=False,
    )
