# SPDX-License-Identifier: Apache-2.0
"""The table of operations: one row for each POST of the compute API."""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

from nova.db.idempotency import kinds
from nova.idempotency import rebuild
from nova.openstack.common.idempotency.record import Resource

Rebuild = ty.Callable[
    [ty.Any, ty.Any, dict[str, ty.Any], ty.Sequence[Resource]], ty.Any
]


class LeftOut(enum.Enum):
    """Why an operation ignores tokens (protocol section 7)."""

    READS = "it changes nothing"
    REFUSED = "Nova refuses it always, with 400 or 410"


@dataclasses.dataclass(frozen=True)
class Operation:
    """One POST of the compute API.

    :param path: the path of its route, without version and project
    :param action: the key of the body, where the path has several actions
    :param kind: what it is linked to, None where that is not in the API
        database (protocol section 5)
    :param rebuild: makes its answer again, for one that is linked
    :param left_out: why it ignores tokens, None if it does not
    :param until: the last release of Nova that has it, None for the newest
    """

    path: str
    action: str | None = None
    kind: kinds.Kind | None = None
    rebuild: Rebuild | None = None
    left_out: LeftOut | None = None
    until: int | None = None

    def __str__(self) -> str:
        return f"POST {self.path} {self.action or ''}".rstrip()

    @property
    def on_server(self) -> bool:
        """Tell whether its path names a server that is there already."""
        return self.path.startswith(("/servers/{", "/os-volumes_boot/{"))


def _linked(path: str, kind: kinds.Kind, rebuilt: Rebuild) -> Operation:
    return Operation(path, kind=kind, rebuild=rebuilt)


def _left_out(
    why: LeftOut, path: str, action: str | None = None
) -> Operation:
    return Operation(path, action, left_out=why)


READS, REFUSED = LeftOut

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
    Operation("/os-volumes_boot/{id}/action", "confirmResize"),
    Operation("/os-volumes_boot/{id}/action", "createImage"),
    Operation("/os-volumes_boot/{id}/action", "os-start"),
    Operation("/os-volumes_boot/{id}/action", "os-stop"),
    Operation("/os-volumes_boot/{id}/action", "reboot"),
    Operation("/os-volumes_boot/{id}/action", "rebuild"),
    Operation("/os-volumes_boot/{id}/action", "resize"),
    Operation("/os-volumes_boot/{id}/action", "revertResize"),
    Operation("/os-volumes_boot/{id}/action", "trigger_crash_dump"),
    Operation("/servers/{id}/action", "addFixedIp"),
    Operation("/servers/{id}/action", "addFloatingIp"),
    Operation("/servers/{id}/action", "addSecurityGroup"),
    Operation("/servers/{id}/action", "changePassword"),
    Operation("/servers/{id}/action", "confirmResize"),
    Operation("/servers/{id}/action", "createBackup"),
    Operation("/servers/{id}/action", "createImage"),
    Operation("/servers/{id}/action", "evacuate"),
    Operation("/servers/{id}/action", "forceDelete"),
    Operation("/servers/{id}/action", "injectNetworkInfo"),
    Operation("/servers/{id}/action", "lock"),
    Operation("/servers/{id}/action", "migrate"),
    Operation("/servers/{id}/action", "os-migrateLive"),
    Operation("/servers/{id}/action", "os-resetState"),
    Operation("/servers/{id}/action", "os-start"),
    Operation("/servers/{id}/action", "os-stop"),
    Operation("/servers/{id}/action", "pause"),
    Operation("/servers/{id}/action", "reboot"),
    Operation("/servers/{id}/action", "rebuild"),
    Operation("/servers/{id}/action", "removeFixedIp"),
    Operation("/servers/{id}/action", "removeFloatingIp"),
    Operation("/servers/{id}/action", "removeSecurityGroup"),
    Operation("/servers/{id}/action", "rescue"),
    Operation("/servers/{id}/action", "resize"),
    Operation("/servers/{id}/action", "restore"),
    Operation("/servers/{id}/action", "resume"),
    Operation("/servers/{id}/action", "revertResize"),
    Operation("/servers/{id}/action", "shelve"),
    Operation("/servers/{id}/action", "shelveOffload"),
    Operation("/servers/{id}/action", "suspend"),
    Operation("/servers/{id}/action", "trigger_crash_dump"),
    Operation("/servers/{id}/action", "unlock"),
    Operation("/servers/{id}/action", "unpause"),
    Operation("/servers/{id}/action", "unrescue"),
    Operation("/servers/{id}/action", "unshelve"),
    Operation("/servers/{server_id}/metadata"),
    Operation("/servers/{server_id}/migrations/{id}/action", "force_complete"),
    Operation("/servers/{server_id}/os-interface"),
    Operation("/servers/{server_id}/os-volume_attachments"),
    Operation("/servers/{server_id}/shares"),
)

_IGNORED = (
    _left_out(READS, "/servers/{id}/action", "os-getConsoleOutput"),
    _left_out(READS, "/servers/{id}/action", "os-getSPICEConsole"),
    _left_out(READS, "/servers/{id}/action", "os-getSerialConsole"),
    _left_out(READS, "/servers/{id}/action", "os-getVNCConsole"),
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
    _left_out(REFUSED, "/servers/{id}/action", "os-getRDPConsole"),
    _left_out(REFUSED, "/servers/{id}/action", "resetNetwork"),
    _left_out(REFUSED, "/servers/{server_id}/consoles"),
)


def _also_at(
    path: str, like: str, until: int, besides: tuple[Operation, ...]
) -> tuple[Operation, ...]:
    """Return rows for a path with the actions of another one, and its own.

    :param path: the path
    :param like: the other one
    :param until: the last release of Nova in which the first has the actions
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
    # Nova 33 left here the actions of its oldest controller of servers alone.
    + _also_at(
        "/os-volumes_boot/{id}/action",
        like="/servers/{id}/action",
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
