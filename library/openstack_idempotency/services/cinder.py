# SPDX-License-Identifier: Apache-2.0
"""Cinder: volumes, their snapshots, backups and groups, and their types."""

from __future__ import annotations

import contextlib
from functools import partial
import typing as ty

from cinder import exception
from cinder import policy
from cinder.api.openstack import wsgi
from cinder.common import config
from cinder.db import api
from cinder.db import models
from oslo_db import options
import webob
import webob.exc

from openstack_idempotency.middleware import adapter
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.middleware.rebuilding import chosen
from openstack_idempotency.middleware.rebuilding import empty
from openstack_idempotency.middleware.rebuilding import part
from openstack_idempotency.middleware.rebuilding import shown
from openstack_idempotency.middleware.rows import actions
from openstack_idempotency.middleware.rows import made
from openstack_idempotency.middleware.spelling import Prefixed
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

_HEADER: ty.Final = wsgi.API_VERSION_REQUEST_HEADER
_CALLED: ty.Final = "another service does it, which Cinder calls"
# As Cinder does when it first uses its database: that may be later.
config.CONF.register_opts(options.database_opts, "database")

_kind: ty.Final = partial(Kind, marked="deleted")  # its rows stay
_sent: ty.Final = partial(_kind, handed_on=True)  # another service goes on
_parted: ty.Final = partial(_sent, followed=True)  # its parts come later
_change: ty.Final = partial(Change, handed_on=True)
VOLUME = _sent("volume", models.Volume, "id")
SNAPSHOT = _sent("snapshot", models.Snapshot, "id")
BACKUP = _sent("backup", models.Backup, "id")
ATTACHMENT = _kind("attachment", models.VolumeAttachment, "id")
TRANSFER = _kind("transfer", models.Transfer, "id")
ENCRYPTION = _kind("encryption", models.Encryption, "encryption_id")
OLD_GROUP = _sent("consistencygroup", models.Group, "id")
# These two are inserted by statements that select them, if they may be made.
COPY = _parted("group_copy", models.Group.__table__, "id",
               cleaned=(models.Group, models.Volume))  # fmt: skip
TAKEN, OLD_TAKEN = (
    _parted(name, models.GroupSnapshot.__table__, "id",
            cleaned=(models.GroupSnapshot, models.Snapshot))
    for name in ("group_snapshot", "cgsnapshot")
)  # fmt: skip
# Each key of theirs is a row of the same model.
QOS = _kind("qos_specs", models.QualityOfServiceSpecs, "id",
            counts=lambda row: row.specs_id is None)  # fmt: skip
OF_VOLUME = _change("volume_change", (models.Volume,), "id")
RETYPE = _change("retype", (models.Volume,), "id", followed=True)
OF_SNAPSHOT = _change("snapshot_change", (models.Snapshot,), "id")
OF_BACKUP = _change("backup_change", (models.Backup,), "id")
OF_GROUP = _change("group_change", (models.Group,), "id")
ADMIN = _change("admin_metadata", (models.VolumeAdminMetadata,))
IMAGE = Change("image_metadata", (models.VolumeGlanceMetadata,))


def _versioned(req: webob.Request) -> wsgi.Request:
    """Return a request that knows its version, if that can be told."""
    asked = wsgi.Request(req.copy_get().environ | {"webob.adhoc_attrs": {}})
    with contextlib.suppress(exception.CinderException, ValueError):
        asked.set_api_version_request(asked.url)
    return asked


def _headers(req: webob.Request) -> dict[str, str]:
    version = _versioned(req).api_version_request.get_string()
    return {_HEADER: f"{wsgi.VOLUME_SERVICE} {version}", "Vary": _HEADER}


# Cinder names a type even where there is no body.
_JSON, _HTML = "application/json", "text/html"
_DONE: ty.Final = empty(202, _JSON, _headers)
_TEXT: ty.Final = empty(202, _HTML, _headers)


def _attached(case: Case, found: webob.Response) -> webob.Response | None:
    """Return an attachment, unless it lacks its mode or connection."""
    asked = case.req.json["attachment"].get("connector")
    there = found.json["attachment"]
    # Its mode, if only "null", is committed last.
    done = there["attach_mode"] and (there["connection_info"] or not asked)
    return found if done else None


def _set(path: str, model: ty.Any, status: int = 200) -> Operation:
    key = path.rpartition("/")[2]
    show = shown(path, status, part(key, asked=True))
    return Operation(path, Change(key, (model,)), show)


def _metadata(of: str, model: ty.Any) -> Operation:
    path = f"/{of}s/{{{of}_id}}/metadata"
    show = chosen(path, "metadata", lambda _, there: {"metadata": there}, 200)
    return Operation(path, Change(f"{of}_metadata", (model,)), show)


_backup: ty.Final = partial(actions, "/backups/{backup_id}/action")
_group: ty.Final = partial(actions, "/groups/{group_id}/action")
_snapshot: ty.Final = partial(actions, "/snapshots/{snapshot_id}/action")
_volume: ty.Final = partial(actions, "/volumes/{volume_id}/action")
_TRANSFERS: ty.Final = ("/volume-transfers", "/os-volume-transfer")
OPERATIONS: ty.Final = (
    Operation("/attachments", ATTACHMENT,
              shown("/attachments/{id}", 200, _attached)),
    *actions("/attachments/{attachment_id}/action", "os-complete", OF_VOLUME,
             empty(204, _JSON, _headers)),
    made("/backups", BACKUP, "backup id name links", last="data_timestamp"),
    made("/backups/import_record", BACKUP, "backup id name links", 201,
          "/backups"),
    *_backup("os-force_delete", OF_BACKUP, _DONE),
    *_backup("os-reset_status", why=_CALLED),
    Operation("/backups/{backup_id}/restore", why="it may make a volume"),
    made("/cgsnapshots", OLD_TAKEN, "cgsnapshot id name"),
    made("/consistencygroups", OLD_GROUP, "consistencygroup id name"),
    made("/consistencygroups/create_from_src", COPY,
          "consistencygroup id name", at="/consistencygroups"),
    Operation("/consistencygroups/{group_id}/delete", OF_GROUP, _TEXT),
    made("/group_snapshots", TAKEN, "group_snapshot id name group_type_id"),
    *actions("/group_snapshots/{group_snapshot_id}/action", "reset_status",
             Change("group_snapshot_change", (models.GroupSnapshot,)), _TEXT),
    made("/group_types", _kind("group_type", models.GroupType, "id")),
    _set("/group_types/{type_id}/group_specs", models.GroupTypeSpecs, 202),
    made("/groups", _sent("group", models.Group, "id"), "group id name"),
    made("/groups/action", COPY, "group id name", at="/groups",
          action="create-from-src"),
    *_group("delete reset_status disable_replication enable_replication "
            "failover_replication", OF_GROUP, _TEXT),
    *_group("list_replication_targets", left_out="it only reads"),
    *(made(path, SNAPSHOT, at="/snapshots")
      for path in ("/manageable_snapshots", "/os-snapshot-manage")),
    *(made(path, VOLUME, at="/volumes")
      for path in ("/manageable_volumes", "/os-volume-manage")),
    *(made(path, TRANSFER) for path in _TRANSFERS),
    *(Operation(f"{path}/{{transfer_id}}/accept", why=_CALLED)
      for path in _TRANSFERS),
    made("/qos-specs", QOS, status=200),
    made("/snapshots", SNAPSHOT),
    *_snapshot("os-force_delete os-reset_status", OF_SNAPSHOT, _DONE),
    *_snapshot("os-unmanage os-update_snapshot_status", OF_SNAPSHOT, _TEXT),
    _metadata("snapshot", models.SnapshotMetadata),
    made("/types", _kind("volume_type", models.VolumeType, "id"), status=200),
    *actions("/types/{type_id}/action", "addProjectAccess removeProjectAccess",
             Change("type_access", (models.VolumeTypeProjects,)), _TEXT),
    Operation("/types/{type_id}/encryption", ENCRYPTION, shown(
        "/types/{type_id}/encryption", 200,
        part("encryption", "volume_type_id", "encryption_id", asked=True))),
    _set("/types/{type_id}/extra_specs", models.VolumeTypeExtraSpecs),
    made("/volumes", VOLUME),
    *_volume("os-begin_detaching os-force_delete os-migrate_volume os-reserve "
             "os-roll_detaching os-unreserve", OF_VOLUME, _DONE),
    *_volume("os-retype", RETYPE, _DONE),
    *_volume("os-set_bootable", OF_VOLUME, empty(200, _JSON, _headers)),
    *_volume("os-unmanage", OF_VOLUME, _TEXT),
    *_volume("os-extend_volume_completion os-update_readonly_flag", ADMIN,
             _DONE),
    *_volume("os-set_image_metadata", IMAGE,
             chosen("/volumes/{volume_id}", "volume", lambda _, volume: {
                 "metadata": volume["volume_image_metadata"]}, 200)),
    *_volume("os-unset_image_metadata", IMAGE, empty(200, _HTML, _headers)),
    *_volume("revert", OF_SNAPSHOT, _DONE),
    *_volume("os-show_image_metadata", left_out="it only reads"),
    *_volume("os-attach os-detach os-force_detach os-initialize_connection "
             "os-migrate_volume_completion os-terminate_connection",
             why=_CALLED),
    *_volume("os-extend os-reimage os-reset_status os-volume_upload_image",
             why="the volume is changed before all has been checked"),
    _metadata("volume", models.VolumeMetadata),
    Operation("/workers/cleanup", why=_CALLED),
)  # fmt: skip


def _fault(status: int, message: str, req: webob.Request) -> webob.Response:
    """Return an error as Cinder's own are."""
    error = webob.exc.status_map[status](explanation=message)
    return _versioned(req).get_response(wsgi.Fault(error))


ADAPTER: ty.Final = adapter.Adapter(
    name="cinder", operations=OPERATIONS, fault=_fault,
    options="database", database=lambda: api.main_context_manager,
    conf=lambda: config.CONF, context=adapter.caller_at("cinder.context"),
    load=lambda conf, arguments: conf(arguments, project="cinder"),
    turn_off="take the filter out of the pipeline in api-paste.ini",
    version=adapter.version_in(_HEADER, wsgi.VOLUME_SERVICE, "3.0"),
    normal=Prefixed(OPERATIONS), prepare=policy.init,
    places={row.kind.name: f"{row.path}/{{id}}" for row in OPERATIONS
            if row.kind is not None and row.path.count("/") == 1},
)  # fmt: skip
