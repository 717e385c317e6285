# SPDX-License-Identifier: Apache-2.0
"""A request of each operation that takes tokens: what is sent, and its effect.

Where Nova takes a request only from some microversion on, or up to one, or
with a server in some state, or with something else there, the sample says so.
"""

from __future__ import annotations

import typing as ty

from testing.nova import cloud
from testing.nova import neighbours
from testing.nova import releases
from testing.nova.cloud import Cloud
from testing.nova.sample import Sample

_SERVER = "/servers/{id}/action"
_BOOT_VOLUME = "/os-volumes_boot/{id}/action"


def _state(vm_state: str, task_state: str | None = None) -> dict[str, ty.Any]:
    return {"vm_state": vm_state, "task_state": task_state}


_NEW_SERVER = {
    "name": "vm2",
    "imageRef": cloud.IMAGE,
    "flavorRef": "1",
    "networks": "none",
}
_RULE = {
    "parent_group_id": neighbours.SECURITY_GROUP,
    "ip_protocol": "tcp",
    "from_port": 80,
    "to_port": 80,
    "cidr": "0.0.0.0/0",
}
_SNAPSHOT = {
    "snapshot_id": cloud.VOLUME,
    "type": "qcow2",
    "new_file": "new",
    "id": cloud.VOLUME,
}
_BACKUP = {"name": "backup1", "backup_type": "daily", "rotation": 1}

_CREATE = {
    "/servers": Sample({"server": _NEW_SERVER}, "INSERT build_requests"),
    "/os-volumes_boot": Sample(
        {"server": _NEW_SERVER}, "INSERT build_requests"
    ),
    "/os-keypairs": Sample({"keypair": {"name": "key1"}}, "INSERT key_pairs"),
    "/os-server-groups": Sample(
        {"server_group": {"name": "group1", "policy": "affinity"}},
        "INSERT instance_groups",
    ),
    "/os-aggregates": Sample(
        {"aggregate": {"name": "rack1", "availability_zone": "zone1"}},
        "INSERT aggregates",
    ),
    "/flavors": Sample(
        {"flavor": {"name": "f", "id": "f", "ram": 64, "vcpus": 1, "disk": 1}},
        "INSERT flavors",
    ),
    "/flavors/{flavor_id}/os-extra_specs": Sample(
        {"extra_specs": {"hw:cpu_policy": "shared"}},
        "INSERT flavor_extra_specs",
        target="1",
    ),
    "/images/{image_id}/metadata": Sample(
        {"metadata": {"colour": "red"}},
        "glance update",
        version="2.38",
        target=cloud.IMAGE,
    ),
    "/os-aggregates/{id}/images": Sample(
        {"cache": [{"id": cloud.IMAGE}]},
        "cast cache_images",
        target="1",
        given=Cloud.aggregate_with_host,
    ),
    "/os-assisted-volume-snapshots": Sample(
        {"snapshot": {"volume_id": cloud.VOLUME, "create_info": _SNAPSHOT}},
        "cast volume_snapshot_create",
        given=Cloud.volume,
    ),
    "/os-floating-ips": Sample(
        {"pool": neighbours.POOL},
        "neutron create_floatingip",
        version="2.35",
    ),
    "/os-security-groups": Sample(
        {"security_group": {"name": "web", "description": "the web"}},
        "neutron create_security_group",
        version="2.35",
    ),
    "/os-security-group-rules": Sample(
        {"security_group_rule": _RULE},
        "neutron create_security_group_rule",
        version="2.35",
    ),
    "/os-server-external-events": Sample(
        {"events": [{"name": "network-changed", "server_uuid": cloud.SERVER}]},
        "cast external_instance_event",
    ),
    "/os-volumes": Sample(
        {"volume": {"size": 1}}, "cinder create", version="2.35"
    ),
    "/os-snapshots": Sample(
        {"snapshot": {"volume_id": cloud.VOLUME, "force": True}},
        "cinder create_snapshot_force",
        version="2.35",
    ),
    "/servers/{server_id}/metadata": Sample(
        {"metadata": {"colour": "red"}}, "INSERT instance_metadata"
    ),
    "/servers/{server_id}/os-interface": Sample(
        {"interfaceAttachment": {"net_id": neighbours.NETWORK}},
        "call attach_interface",
    ),
    "/servers/{server_id}/os-volume_attachments": Sample(
        {"volumeAttachment": {"volumeId": cloud.VOLUME}},
        releases.ATTACHES_VOLUME,
    ),
    "/servers/{server_id}/shares": Sample(
        {"share": {"share_id": cloud.VOLUME, "tag": "files"}},
        "INSERT share_mapping",
        version="2.97",
        server=_state("stopped"),
    ),
}

_FLAVOR = {
    "addTenantAccess": Sample(
        {"addTenantAccess": {"tenant": "another-project"}},
        "INSERT flavor_projects",
        target=cloud.PRIVATE_FLAVOR,
        given=Cloud.private_flavor,
    ),
    "removeTenantAccess": Sample(
        {"removeTenantAccess": {"tenant": "a-project"}},
        "DELETE flavor_projects",
        target=cloud.PRIVATE_FLAVOR,
        given=Cloud.private_flavor,
    ),
}

_AGGREGATE = {
    "add_host": Sample(
        {"add_host": {"host": cloud.HOST}},
        "INSERT aggregate_hosts",
        target="1",
        given=Cloud.aggregate,
    ),
    "remove_host": Sample(
        {"remove_host": {"host": cloud.HOST}},
        "DELETE aggregate_hosts",
        target="1",
        given=Cloud.aggregate_with_host,
    ),
    "set_metadata": Sample(
        {"set_metadata": {"metadata": {"rack": "1"}}},
        "INSERT aggregate_metadata",
        target="1",
        given=Cloud.aggregate,
    ),
}

_RESIZED = _state("resized")

# What each of these does first is to record that it was asked for.
_STARTS = {
    "changePassword": Sample({"changePassword": {"adminPass": "n3w"}}),
    "confirmResize": Sample(
        {"confirmResize": None}, server=_RESIZED, given=Cloud.resized
    ),
    "evacuate": Sample({"evacuate": {}}, given=Cloud.host_is_down),
    "forceDelete": Sample({"forceDelete": None}),
    "lock": Sample({"lock": None}),
    "migrate": Sample({"migrate": None}),
    "os-migrateLive": Sample(
        {"os-migrateLive": {"host": None, "block_migration": "auto"}}
    ),
    "os-resetState": Sample({"os-resetState": {"state": "error"}}),
    "os-start": Sample({"os-start": None}, server=_state("stopped")),
    "os-stop": Sample({"os-stop": None}),
    "pause": Sample({"pause": None}),
    "reboot": Sample({"reboot": {"type": "SOFT"}}),
    "rebuild": Sample({"rebuild": {"imageRef": cloud.IMAGE}}),
    "rescue": Sample({"rescue": {}}),
    "resize": Sample({"resize": {"flavorRef": "2"}}),
    "restore": Sample({"restore": None}, server=_state("soft-delete")),
    "resume": Sample({"resume": None}, server=_state("suspended")),
    "revertResize": Sample(
        {"revertResize": None}, server=_RESIZED, given=Cloud.resized
    ),
    "shelve": Sample({"shelve": None}),
    "shelveOffload": Sample({"shelveOffload": None}, server=_state("shelved")),
    "suspend": Sample({"suspend": None}),
    "trigger_crash_dump": Sample({"trigger_crash_dump": None}),
    "unlock": Sample(
        {"unlock": None}, server={"locked": True, "locked_by": "owner"}
    ),
    "unpause": Sample({"unpause": None}, server=_state("paused")),
    "unrescue": Sample({"unrescue": None}, server=_state("rescued")),
    "unshelve": Sample({"unshelve": None}, server=_state("shelved")),
}

# These have another effect that counts.
_OTHERS = {
    "addFixedIp": Sample(
        {"addFixedIp": {"networkId": neighbours.NETWORK}},
        "cast add_fixed_ip_to_instance",
        version="2.43",
    ),
    "removeFixedIp": Sample(
        {"removeFixedIp": {"address": neighbours.ADDRESS}},
        "cast remove_fixed_ip_from_instance",
        version="2.43",
    ),
    "addFloatingIp": Sample(
        {"addFloatingIp": {"address": neighbours.FREE}},
        "neutron update_floatingip",
        version="2.43",
    ),
    "removeFloatingIp": Sample(
        {"removeFloatingIp": {"address": neighbours.TAKEN}},
        "neutron update_floatingip",
        version="2.43",
    ),
    "addSecurityGroup": Sample(
        {"addSecurityGroup": {"name": "default"}}, "neutron update_port"
    ),
    "removeSecurityGroup": Sample(
        {"removeSecurityGroup": {"name": "default"}},
        "neutron update_port",
        given=Cloud.in_security_group,
    ),
    "createBackup": Sample(
        {"createBackup": _BACKUP},
        "glance create",
    ),
    "createImage": Sample(
        {"createImage": {"name": "image1"}}, "glance create"
    ),
    "injectNetworkInfo": Sample(
        {"injectNetworkInfo": None}, "cast inject_network_info"
    ),
}

_ON_SERVER = _STARTS | _OTHERS

# What can be asked of a server under its other name; how much that is depends
# on the release of Nova.
_ON_BOOT_VOLUME = tuple(
    row.action
    for row in releases.OPERATIONS
    if row.path == _BOOT_VOLUME
    and row.action is not None
    and row.left_out is None
)

SAMPLES: dict[tuple[str, str | None], Sample] = {
    **{(path, None): sample for path, sample in _CREATE.items()},
    **{("/flavors/{id}/action", name): s for name, s in _FLAVOR.items()},
    **{
        ("/os-aggregates/{id}/action", name): s
        for name, s in _AGGREGATE.items()
    },
    **{(_SERVER, name): sample for name, sample in _ON_SERVER.items()},
    **{(_BOOT_VOLUME, name): _ON_SERVER[name] for name in _ON_BOOT_VOLUME},
    (
        "/servers/{server_id}/migrations/{id}/action",
        "force_complete",
    ): Sample(
        {"force_complete": None},
        target="1",
        server=_state("active", task_state="migrating"),
        given=Cloud.migrating,
    ),
}

#: Operations that take tokens, but cannot be asked for here, and why. Those
#: below /os-volumes_boot can be since tests repair them, see
#: :class:`testing.nova.releases.BootVolume`.
NOT_EXERCISED: dict[tuple[str, str | None], str] = {}
