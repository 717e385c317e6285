# SPDX-License-Identifier: Apache-2.0
"""A request for each of Cinder's POSTs."""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
import typing as ty
import uuid

from cinder.db import models
import sqlalchemy as sa

from tests.services.base import some
from tests.services.cinder import world
from tests.services.sample import Ask
from tests.services.sample import once
from tests.services.sample import Sample
from tests.services.sample import Wanted

_Fields = dict[str, ty.Any]

_NEWEST: ty.Final = {"OpenStack-API-Version": "volume latest"}
#: As the volume service leaves a volume that it has made.
_READY: ty.Final = {
    "host": world.HOST,
    "status": "available",
    "previous_status": None,
    "attach_status": "detached",
    "migration_status": None,
    "bootable": False,
}


def put(model: ty.Any, key: str, **values: ty.Any) -> str:
    """Change a row, as another service of Cinder's does; return its key."""
    change = sa.update(model).where(model.id == key).values(values)
    with world.cinder().engine.begin() as connection:
        connection.execute(change)
    return key


def insert(model: ty.Any, **values: ty.Any) -> None:
    """Insert a row, as another service of Cinder's does."""
    with world.cinder().engine.begin() as connection:
        connection.execute(sa.insert(model).values(deleted=False, **values))


def make(ask: Ask, path: str, key: str, **fields: ty.Any) -> str:
    """Make something, and return its id."""
    made: str = ask("POST", path, {key: fields})[key]["id"]
    return made


@once
def _bare(ask: Ask) -> str:
    return make(ask, "/volumes", "volume", size=1)


@once
def _busy(ask: Ask) -> str:
    return make(ask, "/volumes", "volume", size=1)


def bare(ask: Ask, **values: ty.Any) -> str:
    """Return the id of a volume that nothing depends on."""
    return put(models.Volume, _bare(ask), **_READY | values)


def fresh(ask: Ask, **values: ty.Any) -> str:
    """Make a volume; return its id."""
    made = make(ask, "/volumes", "volume", size=1)
    return put(models.Volume, made, **_READY | values)


def busy(ask: Ask, **values: ty.Any) -> str:
    """Return the id of a volume with snapshots and attachments."""
    return put(models.Volume, _busy(ask), **_READY | values)


def snapshot(ask: Ask, **values: ty.Any) -> str:
    """Make a snapshot; return its id."""
    made = make(ask, "/snapshots", "snapshot", volume_id=busy(ask))
    return put(models.Snapshot, made, **{"status": "available"} | values)


def backup(ask: Ask, **values: ty.Any) -> str:
    """Make a backup; return its id."""
    made = make(ask, "/backups", "backup", volume_id=busy(ask), name=some("b"))
    values = {"status": "available", "host": world.HOST} | values
    return put(models.Backup, made, **values)


@once
def volume_type(ask: Ask) -> str:
    """Return the id of a volume type that nobody but its projects may use."""
    fields = {"name": some("type"), "os-volume-type-access:is_public": False}
    made = make(ask, "/types", "volume_type", **fields)
    specs = {"replication_enabled": "<is> True"}
    ask("POST", f"/types/{made}/extra_specs", {"extra_specs": specs})
    return made


@once
def group_type(ask: Ask) -> str:
    """Return the id of a group type, of groups that are replicated."""
    made = make(ask, "/group_types", "group_type", name=some("group-type"))
    specs = {"group_replication_enabled": "<is> True"}
    ask("POST", f"/group_types/{made}/group_specs", {"group_specs": specs})
    return made


def group(ask: Ask, **values: ty.Any) -> str:
    """Make a group, as the volume service would leave it; return its id."""
    made = make(
        ask, "/groups", "group", name=some("group"),
        group_type=group_type(ask), volume_types=[volume_type(ask)],
    )  # fmt: skip
    values = {"status": "available", "host": world.HOST} | values
    return put(models.Group, made, **values)


@once
def consistency_group(ask: Ask) -> str:
    """Return the id of a group of the older API, with a volume in it."""
    made = make(
        ask, "/consistencygroups", "consistencygroup", name=some("cg"),
        volume_types=volume_type(ask),
    )  # fmt: skip
    return _filled(ask, made)


@once
def full(ask: Ask) -> str:
    """Return the id of a group with a volume in it."""
    return _filled(ask, group(ask))


def _filled(ask: Ask, made: str) -> str:
    fresh(ask, group_id=made)
    return put(models.Group, made, status="available", host=world.HOST)


def _two(path: str, key: str, vary: str, **fields: ty.Any) -> Wanted:
    """Return a request that differs from the other one in one field."""
    one = {key: fields | {vary: some(vary)}}
    return Wanted(path, one, {key: fields | {vary: some(vary)}})


def _act(
    path: str, action: str, fields: ty.Any, other: ty.Any = None
) -> Wanted:
    more = {"other": "one"} if other is None else other
    return Wanted(path, {action: fields}, {action: more})


def _volume(ask: Ask) -> Wanted:
    return _two("/volumes", "volume", "name", size=1, metadata={"of": "tests"})


def _snapshot(ask: Ask) -> Wanted:
    return _two("/snapshots", "snapshot", "name", volume_id=busy(ask))


def _backup(ask: Ask) -> Wanted:
    return _two("/backups", "backup", "name", volume_id=busy(ask))


def _import(ask: Ask) -> Wanted:
    def record() -> _Fields:
        text = json.dumps({"id": str(uuid.uuid4()), "size": 1})
        return {"backup-record": {
            "backup_service": "fake",
            "backup_url": base64.b64encode(text.encode()).decode(),
        }}  # fmt: skip

    return Wanted("/backups/import_record", record(), record())


def _restore(ask: Ask) -> Wanted:
    fields = {"volume_id": bare(ask)}
    return _act(f"/backups/{backup(ask)}/restore", "restore", fields)


def _attachment(ask: Ask) -> Wanted:
    return Wanted(
        "/attachments",
        *({"attachment": {"volume_uuid": of, "instance_uuid": one}}
          for of in [busy(ask)]
          for one in (str(uuid.uuid4()), str(uuid.uuid4()))),
    )  # fmt: skip


def _complete(ask: Ask) -> Wanted:
    fields = {"volume_uuid": busy(ask), "instance_uuid": str(uuid.uuid4())}
    made = make(ask, "/attachments", "attachment", **fields)
    return _act(f"/attachments/{made}/action", "os-complete", {})


def _group(ask: Ask) -> Wanted:
    return _two("/groups", "group", "name", group_type=group_type(ask),
                volume_types=[volume_type(ask)])  # fmt: skip


def _consistency_group(ask: Ask) -> Wanted:
    return _two("/consistencygroups", "consistencygroup", "name",
                volume_types=volume_type(ask))  # fmt: skip


def _copy(ask: Ask) -> Wanted:
    return _two("/groups/action", "create-from-src", "name",
                source_group_id=full(ask))  # fmt: skip


def _copy_of_consistency_group(ask: Ask) -> Wanted:
    return _two(
        "/consistencygroups/create_from_src", "consistencygroup-from-src",
        "name", source_cgid=consistency_group(ask),
    )  # fmt: skip


def _delete_consistency_group(ask: Ask) -> Wanted:
    made = make(
        ask, "/consistencygroups", "consistencygroup", name=some("cg"),
        volume_types=volume_type(ask),
    )  # fmt: skip
    put(models.Group, made, status="available", host=world.HOST)
    key, path = "consistencygroup", f"/consistencygroups/{made}/delete"
    return Wanted(path, {key: {"force": True}}, {key: {"force": False}})


def _group_snapshot(ask: Ask) -> Wanted:
    path = "/group_snapshots"
    return _two(path, "group_snapshot", "name", group_id=full(ask))


def _cgsnapshot(ask: Ask) -> Wanted:
    return _two("/cgsnapshots", "cgsnapshot", "name",
                consistencygroup_id=consistency_group(ask))  # fmt: skip


def _reset_group_snapshot(ask: Ask) -> Wanted:
    made = make(ask, "/group_snapshots", "group_snapshot", group_id=full(ask))
    path = f"/group_snapshots/{made}/action"
    return _act(path, "reset_status", {"status": "error"},
                {"status": "available"})  # fmt: skip


def _type(ask: Ask) -> Wanted:
    return _two("/types", "volume_type", "name", description="of tests",
                extra_specs={"of": "tests"})  # fmt: skip


def _group_type(ask: Ask) -> Wanted:
    return _two("/group_types", "group_type", "name", description="of tests")


def _specs(path: str, key: str, of: ty.Any, ask: Ask) -> Wanted:
    return _two(f"{path}/{of(ask)}/{key}", key, some("key"))


def _new_type(ask: Ask) -> str:
    fields = {"name": some("type"), "os-volume-type-access:is_public": False}
    return make(ask, "/types", "volume_type", **fields)


def _encryption(ask: Ask) -> Wanted:
    fields = {"provider": "luks", "control_location": "front-end"}
    path = f"/types/{_new_type(ask)}/encryption"
    return _two(path, "encryption", "cipher", key_size=256, **fields)


def _access(action: str, ask: Ask) -> Wanted:
    path, project = f"/types/{volume_type(ask)}/action", some("project")
    if action == "removeProjectAccess":
        ask("POST", path, {"addProjectAccess": {"project": project}})
    return _act(path, action, {"project": project})


def _qos(ask: Ask) -> Wanted:
    return _two("/qos-specs", "qos_specs", "name", consumer="back-end",
                of="tests", more="keys")  # fmt: skip


def _manage(path: str, ask: Ask) -> Wanted:
    return _two(path, "volume", "name", host=world.HOST,
                ref={"source-name": some("lun")})  # fmt: skip


def _manage_snapshot(path: str, ask: Ask) -> Wanted:
    return _two(path, "snapshot", "name", volume_id=busy(ask),
                ref={"source-name": some("lun")})  # fmt: skip


def _transfer(path: str, ask: Ask) -> Wanted:
    return _two(path, "transfer", "name", volume_id=bare(ask))


def _accept(path: str, ask: Ask) -> Wanted:
    fields = {"volume_id": bare(ask), "name": some("transfer")}
    made = ask("POST", path, {"transfer": fields})["transfer"]
    at = f"{path}/{made['id']}/accept"
    return _act(at, "accept", {"auth_key": made["auth_key"]})


def _metadata(of: str, make: ty.Any, ask: Ask) -> Wanted:
    return _two(f"{of}/{make(ask)}/metadata", "metadata", some("key"))


@dataclasses.dataclass(frozen=True)
class _On:
    """Asks for an action of something that has to be in some state.

    :param of: where its API has it
    :param make: makes it, with columns of its row
    :param action: the action
    :param fields: of the request, or what makes them
    :param values: the columns
    """

    of: str
    make: ty.Callable[..., str]
    action: str
    fields: ty.Any
    values: _Fields = dataclasses.field(default_factory=dict)

    def __call__(self, ask: Ask) -> Wanted:
        path = f"{self.of}/{self.make(ask, **self.values)}/action"
        fields = self.fields
        given = fields(ask) if callable(fields) else fields
        return _act(path, self.action, given)


def _extended(ask: Ask) -> Wanted:
    """Ask for the end of an extension, which Nova does."""
    made = fresh(ask, status="extending")
    for key, value in {"new_size": "2", "reservations": "[]"}.items():
        insert(models.VolumeAdminMetadata, volume_id=made,
               key=f"extend_{key}", value=value)  # fmt: skip
    path, action = f"/volumes/{made}/action", "os-extend_volume_completion"
    return _act(path, action, {"error": False}, {"error": True})


def _image_metadata(ask: Ask) -> Wanted:
    path, action = f"/volumes/{bare(ask)}/action", "os-set_image_metadata"
    one, other = ({"metadata": {some("key"): "of tests"}} for _ in range(2))
    return _act(path, action, one, other)


def _no_image_metadata(ask: Ask) -> Wanted:
    path, key = f"/volumes/{bare(ask)}/action", some("key")
    ask("POST", path, {"os-set_image_metadata": {"metadata": {key: "1"}}})
    return _act(path, "os-unset_image_metadata", {"key": key})


def _migrated(ask: Ask) -> Wanted:
    old = bare(ask, migration_status="migrating")
    new = fresh(ask, migration_status=f"target:{old}")
    path, action = f"/volumes/{old}/action", "os-migrate_volume_completion"
    return _act(path, action, {"new_volume": new})


def _retype(ask: Ask) -> Wanted:
    fields = {"new_type": volume_type(ask)}
    return _act(f"/volumes/{bare(ask)}/action", "os-retype", fields)


def _revert(ask: Ask) -> Wanted:
    made = snapshot(ask)
    path = f"/volumes/{busy(ask)}/action"
    return _act(path, "revert", {"snapshot_id": made})


def _cleanup(ask: Ask) -> Wanted:
    return Wanted("/workers/cleanup", {"disabled": False}, {"disabled": True})


def _sample(given: ty.Any, table: str, *lost: str, **more: ty.Any) -> Sample:
    return Sample(given, f"INSERT {table}", table, _NEWEST, lost, **more)


def _change(
    given: ty.Any, table: str, effect: str = "", refused: int | None = None
) -> Sample:
    effect = effect or f"UPDATE {table}"
    return Sample(given, effect, table, _NEWEST, refused=refused)


# What only a GET shows, or shows more of with its version.
_OF_VOLUMES: ty.Final = (
    "cluster_name", "consumes_quota", "group_id", "os-vol-host-attr:host",
    "os-vol-mig-status-attr:migstat", "os-vol-mig-status-attr:name_id",
    "os-vol-tenant-attr:tenant_id", "provider_id", "service_uuid",
    "shared_targets", "volume_type_id",
)  # fmt: skip
_OF_SNAPSHOTS: ty.Final = (
    "consumes_quota", "group_snapshot_id", "user_id",
    "os-extended-snapshot-attributes:progress",
    "os-extended-snapshot-attributes:project_id",
)  # fmt: skip
_CONNECTOR: ty.Final = {"connector": {"host": "host-1"}}
_ATTACHED: ty.Final = {"status": "in-use", "attach_status": "attached"}
# Actions of a volume: its columns before, the request, what it does.
_VOLUME: ty.Final[dict[str, tuple[_Fields, ty.Any, str]]] = {
    "os-begin_detaching": (_ATTACHED, {}, ""),
    "os-detach": (_ATTACHED, {}, "CALL detach_volume"),
    "os-extend": ({}, {"new_size": 2}, ""),
    "os-force_delete": ({}, {}, ""),
    "os-force_detach": (_ATTACHED, _CONNECTOR, "CALL detach_volume"),
    "os-initialize_connection": ({}, _CONNECTOR, "CALL initialize_connection"),
    "os-migrate_volume": ({"host": "elsewhere@fake"}, {"host": world.HOST},
                          ""),
    "os-reimage": ({}, lambda _: {"image_id": str(uuid.uuid4())}, ""),
    "os-reserve": ({}, {}, ""),
    "os-reset_status": ({}, {"status": "error"}, ""),
    "os-roll_detaching": ({"status": "detaching"}, {}, ""),
    "os-set_bootable": ({}, {"bootable": True}, ""),
    "os-terminate_connection": (_ATTACHED, _CONNECTOR,
                                "CALL terminate_connection"),
    "os-unmanage": ({}, {}, ""),
    "os-unreserve": ({"status": "attaching"}, {}, ""),
    "os-volume_upload_image": (
        {}, {"image_name": "of tests", "container_format": "bare",
             "disk_format": "raw"}, "CALL image",
    ),
}  # fmt: skip
_SNAPSHOT: ty.Final[dict[str, tuple[_Fields, _Fields]]] = {
    "os-force_delete": ({}, {}),
    "os-reset_status": ({}, {"status": "error"}),
    "os-unmanage": ({}, {}),
    "os-update_snapshot_status": (
        {"status": "creating"}, {"status": "available"}
    ),
}  # fmt: skip
_GROUP: ty.Final[dict[str, tuple[_Fields, _Fields]]] = {
    "delete": ({}, {"delete-volumes": False}),
    "disable_replication": ({"replication_status": "enabled"}, {}),
    "enable_replication": ({}, {}),
    "failover_replication": ({"replication_status": "enabled"}, {}),
    "reset_status": ({}, {"status": "error"}),
}

SAMPLES: ty.Final = {
    "/attachments": _sample(_attachment, "volume_attachment", refused=400,
                            unfinished=True),
    "/attachments/{attachment_id}/action os-complete": _change(
        _complete, "volumes"
    ),
    "/backups": _sample(_backup, "backups", refused=400, unfinished=True),
    "/backups/import_record": _sample(_import, "backups"),
    "/backups/{backup_id}/action os-force_delete": _change(
        _On("/backups", backup, "os-force_delete", {}),
        "backups",
    ),
    "/backups/{backup_id}/action os-reset_status": _change(
        _On("/backups", backup, "os-reset_status", {"status": "error"},
            {"host": None}),
        "backups",
    ),
    "/backups/{backup_id}/restore": _change(_restore, "backups"),
    "/cgsnapshots": _sample(_cgsnapshot, "group_snapshots"),
    "/consistencygroups": _sample(_consistency_group, "groups"),
    "/consistencygroups/create_from_src": _sample(
        _copy_of_consistency_group, "groups"
    ),
    "/consistencygroups/{group_id}/delete": _change(
        _delete_consistency_group, "groups"
    ),
    "/group_snapshots": _sample(_group_snapshot, "group_snapshots"),
    "/group_snapshots/{group_snapshot_id}/action reset_status": _change(
        _reset_group_snapshot, "group_snapshots"
    ),
    "/group_types": _sample(_group_type, "group_types"),
    "/group_types/{type_id}/group_specs": _sample(
        functools.partial(_specs, "/group_types", "group_specs", group_type),
        "group_type_specs",
    ),
    "/groups": _sample(_group, "groups"),
    "/groups/action create-from-src": _sample(_copy, "groups"),
    **{
        f"/groups/{{group_id}}/action {action}": _change(
            _On("/groups", group, action, fields, values),
            "groups",
        )
        for action, (values, fields) in _GROUP.items()
    },
    **{
        path: _sample(
            functools.partial(_manage, path), "volumes", *_OF_VOLUMES
        )
        for path in ("/manageable_volumes", "/os-volume-manage")
    },
    **{
        path: _sample(
            functools.partial(_manage_snapshot, path), "snapshots",
            *_OF_SNAPSHOTS,
        )
        for path in ("/manageable_snapshots", "/os-snapshot-manage")
    },
    **{
        path: _sample(
            functools.partial(_transfer, path), "transfers", "auth_key"
        )
        for path in ("/os-volume-transfer", "/volume-transfers")
    },
    **{
        f"{path}/{{transfer_id}}/accept": _change(
            functools.partial(_accept, path), "transfers"
        )
        for path in ("/os-volume-transfer", "/volume-transfers")
    },
    "/qos-specs": Sample(
        _qos, "INSERT quality_of_service_specs", "quality_of_service_specs",
        _NEWEST, times=4,
    ),
    "/snapshots": _sample(_snapshot, "snapshots", *_OF_SNAPSHOTS),
    **{
        f"/snapshots/{{snapshot_id}}/action {action}": _change(
            _On("/snapshots", snapshot, action, fields, values),
            "snapshots",
        )
        for action, (values, fields) in _SNAPSHOT.items()
    },
    "/snapshots/{snapshot_id}/metadata": _sample(
        functools.partial(_metadata, "/snapshots", snapshot),
        "snapshot_metadata", untold=("UPDATE snapshots",),  # a time only
    ),
    "/types": _sample(_type, "volume_types", "qos_specs_id"),
    "/types/{type_id}/action addProjectAccess": _sample(
        functools.partial(_access, "addProjectAccess"), "volume_type_projects"
    ),
    "/types/{type_id}/action removeProjectAccess": _change(
        functools.partial(_access, "removeProjectAccess"),
        "volume_type_projects",
    ),
    "/types/{type_id}/encryption": _sample(_encryption, "encryption"),
    "/types/{type_id}/extra_specs": _sample(
        functools.partial(_specs, "/types", "extra_specs", volume_type),
        "volume_type_extra_specs",
    ),
    "/volumes": _sample(_volume, "volumes", *_OF_VOLUMES),
    **{
        f"/volumes/{{volume_id}}/action {action}": _change(
            _On("/volumes", bare, action, fields, values),
            "volumes",
            effect,
        )
        for action, (values, fields, effect) in _VOLUME.items()
    },
    "/volumes/{volume_id}/action os-attach": _change(
        _On("/volumes", fresh, "os-attach",
            {"mountpoint": "/dev/x", "host_name": "host-1"}),
        "volumes",
        "CALL attach_volume",
    ),
    "/volumes/{volume_id}/action os-extend_volume_completion": _change(
        _extended, "volume_admin_metadata"
    ),
    "/volumes/{volume_id}/action os-migrate_volume_completion": _change(
        _migrated, "volumes", "CALL migrate_volume_completion"
    ),
    "/volumes/{volume_id}/action os-retype": Sample(
        _retype, "UPDATE volumes", "volumes", _NEWEST, times=2
    ),
    "/volumes/{volume_id}/action os-set_image_metadata": _sample(
        _image_metadata, "volume_glance_metadata"
    ),
    "/volumes/{volume_id}/action os-unset_image_metadata": _change(
        _no_image_metadata, "volume_glance_metadata"
    ),
    "/volumes/{volume_id}/action os-update_readonly_flag": _change(
        _On("/volumes", fresh, "os-update_readonly_flag", {"readonly": True}),
        "volume_admin_metadata",
        "INSERT volume_admin_metadata",
    ),
    "/volumes/{volume_id}/action revert": _change(
        _revert, "snapshots", refused=409
    ),
    "/volumes/{volume_id}/metadata": _sample(
        functools.partial(_metadata, "/volumes", bare), "volume_metadata"
    ),
    "/workers/cleanup": _change(_cleanup, "workers", "CALL work_cleanup"),
}  # fmt: skip
