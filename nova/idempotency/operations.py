# SPDX-License-Identifier: Apache-2.0
"""The table of operations: one row for each POST of the compute API."""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

from nova.db.idempotency import kinds
from nova.idempotency import acceptance
from nova.idempotency import actions
from nova.idempotency import rebuild
from nova.idempotency.traces import InstanceAction
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql.kinds import Kind

Rebuild = ty.Callable[
    [ty.Any, ty.Any, dict[str, ty.Any], ty.Sequence[Resource]], ty.Any
]
Accepted = ty.Callable[[acceptance.Case], ty.Any]


class LeftOut(enum.Enum):
    """Why an operation ignores tokens (protocol section 7)."""

    READS = "it changes nothing"
    REFUSED = "Nova always refuses it, with 400 or 410"


@dataclasses.dataclass(frozen=True)
class Operation:
    """One POST of the compute API.

    :param path: the path of its route, without version and project
    :param action: the key of the body, where the path has several actions
    :param kind: what it is linked to, None where that is not in the API
        database (protocol section 5)
    :param rebuild: rebuilds its answer, for one that is linked
    :param evidence: how Nova records that it was begun, for one that is not
        linked; None if Nova does not
    :param accepted: rebuilds its answer if the evidence shows that it was
        begun; None if the answer is empty
    :param left_out: why it ignores tokens, None if it does not
    :param until: the last release of Nova that has it, None for the newest
    """

    path: str
    action: str | None = None
    kind: Kind | None = None
    rebuild: Rebuild | None = None
    evidence: InstanceAction | None = None
    accepted: Accepted | None = None
    left_out: LeftOut | None = None
    until: int | None = None

    def __str__(self) -> str:
        return f"POST {self.path} {self.action or ''}".rstrip()


def _linked(path: str, kind: Kind, rebuilt: Rebuild) -> Operation:
    return Operation(path, kind=kind, rebuild=rebuilt)


def _left_out(why: LeftOut, path: str, action: str | None = None) -> Operation:
    return Operation(path, action, left_out=why)


READS, REFUSED = LeftOut
_SERVER = "/servers/{id}/action"
_BOOT_VOLUME = "/os-volumes_boot/{id}/action"

_LINKED = (
    _linked("/flavors", kinds.FLAVOR, rebuild.flavor),
    _linked("/os-aggregates", kinds.AGGREGATE, rebuild.aggregate),
    _linked("/os-keypairs", kinds.KEYPAIR, rebuild.keypair),
    _linked("/os-server-groups", kinds.SERVER_GROUP, rebuild.server_group),
    _linked("/os-volumes_boot", kinds.SERVER, rebuild.server),
    _linked("/servers", kinds.SERVER, rebuild.server),
)

# What they change is in a cell's database, or at another service; or in the
# API database, but in no row that lives as long as the change.
_NOT_LINKED = (
    Operation("/flavors/{flavor_id}/os-extra_specs"),
    Operation("/flavors/{id}/action", "addTenantAccess"),
    Operation("/flavors/{id}/action", "removeTenantAccess"),
    Operation("/images/{image_id}/metadata"),
    Operation("/os-aggregates/{id}/action", "add_host"),
    Operation("/os-aggregates/{id}/action", "remove_host"),
    Operation("/os-aggregates/{id}/action", "set_metadata"),
    Operation("/os-aggregates/{id}/images"),
    Operation("/os-assisted-volume-snapshots"),
    Operation("/os-floating-ips"),
    Operation("/os-security-group-rules"),
    Operation("/os-security-groups"),
    Operation("/os-server-external-events"),
    Operation("/os-snapshots"),
    Operation("/os-volumes"),
    Operation(_BOOT_VOLUME, "confirmResize", evidence=actions.CONFIRM_RESIZE),
    Operation(
        _BOOT_VOLUME,
        "createImage",
        evidence=actions.CREATE_IMAGE,
        accepted=acceptance.image,
    ),
    Operation(_BOOT_VOLUME, "os-start", evidence=actions.START),
    Operation(_BOOT_VOLUME, "os-stop", evidence=actions.STOP),
    Operation(_BOOT_VOLUME, "reboot", evidence=actions.REBOOT),
    Operation(
        _BOOT_VOLUME,
        "rebuild",
        evidence=actions.REBUILD,
        accepted=acceptance.rebuild,
    ),
    Operation(_BOOT_VOLUME, "resize", evidence=actions.RESIZE),
    Operation(_BOOT_VOLUME, "revertResize", evidence=actions.REVERT_RESIZE),
    Operation(_BOOT_VOLUME, "trigger_crash_dump", evidence=actions.CRASH_DUMP),
    Operation(_SERVER, "addFixedIp"),
    Operation(_SERVER, "addFloatingIp"),
    Operation(_SERVER, "addSecurityGroup"),
    Operation(_SERVER, "changePassword", evidence=actions.CHANGE_PASSWORD),
    Operation(_SERVER, "confirmResize", evidence=actions.CONFIRM_RESIZE),
    Operation(
        _SERVER,
        "createBackup",
        evidence=actions.BACKUP,
        accepted=acceptance.backup,
    ),
    Operation(
        _SERVER,
        "createImage",
        evidence=actions.CREATE_IMAGE,
        accepted=acceptance.image,
    ),
    Operation(_SERVER, "evacuate", evidence=actions.EVACUATE),
    Operation(_SERVER, "forceDelete", evidence=actions.DELETE),
    Operation(_SERVER, "injectNetworkInfo"),
    Operation(_SERVER, "lock", evidence=actions.LOCK),
    Operation(_SERVER, "migrate", evidence=actions.MIGRATE),
    Operation(_SERVER, "os-migrateLive", evidence=actions.LIVE_MIGRATION),
    Operation(_SERVER, "os-resetState", evidence=actions.RESET_STATE),
    Operation(_SERVER, "os-start", evidence=actions.START),
    Operation(_SERVER, "os-stop", evidence=actions.STOP),
    Operation(_SERVER, "pause", evidence=actions.PAUSE),
    Operation(_SERVER, "reboot", evidence=actions.REBOOT),
    Operation(
        _SERVER,
        "rebuild",
        evidence=actions.REBUILD,
        accepted=acceptance.rebuild,
    ),
    Operation(_SERVER, "removeFixedIp"),
    Operation(_SERVER, "removeFloatingIp"),
    Operation(_SERVER, "removeSecurityGroup"),
    Operation(
        _SERVER,
        "rescue",
        evidence=actions.RESCUE,
        accepted=acceptance.rescue,
    ),
    Operation(_SERVER, "resize", evidence=actions.RESIZE),
    Operation(_SERVER, "restore", evidence=actions.RESTORE),
    Operation(_SERVER, "resume", evidence=actions.RESUME),
    Operation(_SERVER, "revertResize", evidence=actions.REVERT_RESIZE),
    Operation(_SERVER, "shelve", evidence=actions.SHELVE),
    Operation(_SERVER, "shelveOffload", evidence=actions.SHELVE_OFFLOAD),
    Operation(_SERVER, "suspend", evidence=actions.SUSPEND),
    Operation(_SERVER, "trigger_crash_dump", evidence=actions.CRASH_DUMP),
    Operation(_SERVER, "unlock", evidence=actions.UNLOCK),
    Operation(_SERVER, "unpause", evidence=actions.UNPAUSE),
    Operation(_SERVER, "unrescue", evidence=actions.UNRESCUE),
    Operation(_SERVER, "unshelve", evidence=actions.UNSHELVE),
    Operation("/servers/{server_id}/metadata"),
    Operation(
        "/servers/{server_id}/migrations/{id}/action",
        "force_complete",
        evidence=actions.FORCE_COMPLETE,
    ),
    Operation(
        "/servers/{server_id}/os-interface",
        evidence=actions.ATTACH_INTERFACE,
        accepted=acceptance.interface,
    ),
    Operation(
        "/servers/{server_id}/os-volume_attachments",
        evidence=actions.ATTACH_VOLUME,
        accepted=acceptance.volume,
    ),
    Operation(
        "/servers/{server_id}/shares",
        evidence=actions.ATTACH_SHARE,
        accepted=acceptance.share,
    ),
)

_IGNORED = (
    _left_out(READS, _SERVER, "os-getConsoleOutput"),
    _left_out(READS, _SERVER, "os-getSPICEConsole"),
    _left_out(READS, _SERVER, "os-getSerialConsole"),
    _left_out(READS, _SERVER, "os-getVNCConsole"),
    _left_out(READS, "/servers/{server_id}/remote-consoles"),
    _left_out(REFUSED, "/os-agents"),
    _left_out(REFUSED, "/os-baremetal-nodes"),
    _left_out(REFUSED, "/os-baremetal-nodes/{id}/action", "add_interface"),
    _left_out(REFUSED, "/os-baremetal-nodes/{id}/action", "remove_interface"),
    _left_out(REFUSED, "/os-cells"),
    _left_out(REFUSED, "/os-cells/sync_instances"),
    _left_out(REFUSED, "/os-certificates"),
    _left_out(REFUSED, "/os-cloudpipe"),
    _left_out(REFUSED, "/os-fixed-ips/{id}/action", "reserve"),
    _left_out(REFUSED, "/os-fixed-ips/{id}/action", "unreserve"),
    _left_out(REFUSED, "/os-floating-ips-bulk"),
    _left_out(REFUSED, "/os-networks"),
    _left_out(REFUSED, "/os-networks/add"),
    _left_out(REFUSED, "/os-networks/{id}/action", "associate_host"),
    _left_out(REFUSED, "/os-networks/{id}/action", "disassociate"),
    _left_out(REFUSED, "/os-networks/{id}/action", "disassociate_host"),
    _left_out(REFUSED, "/os-networks/{id}/action", "disassociate_project"),
    _left_out(REFUSED, "/os-security-group-default-rules"),
    _left_out(REFUSED, "/os-tenant-networks"),
    _left_out(REFUSED, _SERVER, "os-getRDPConsole"),
    _left_out(REFUSED, _SERVER, "resetNetwork"),
    _left_out(REFUSED, "/servers/{server_id}/consoles"),
)


def _also_at(
    path: str, like: str, until: int, besides: tuple[Operation, ...]
) -> tuple[Operation, ...]:
    """Return rows that give a path the actions of another one, too.

    :param path: the path
    :param like: the other path
    :param until: the last release of Nova in which the path has them
    :param besides: the rows of both paths
    """
    own = {row.action for row in besides if row.path == path}
    return tuple(
        dataclasses.replace(row, path=path, until=until)
        for row in besides
        if row.path == like and row.action not in own
    )


OPERATIONS = (
    _LINKED
    + _NOT_LINKED
    + _IGNORED
    # From Nova 33 on, this path only has the actions of the original servers
    # controller.
    + _also_at(
        _BOOT_VOLUME,
        like=_SERVER,
        until=32,
        besides=_NOT_LINKED + _IGNORED,
    )
)

_BY_POST = {(row.path, row.action): row for row in OPERATIONS}


def find(path: str, action: str | None) -> Operation | None:
    """Return the row of a POST, None if it has none.

    :param path: the path of its route, without version and project
    :param action: the key of the body, where the path has several actions
    """
    return _BY_POST.get((path, action))
