# SPDX-License-Identifier: Apache-2.0
"""How Nova records each operation on a server, from Nova 31 to 34.

The events are the first of each operation: those of the methods of
nova-compute and nova-conductor that the API's messages name. Which of the two
gets an operation may depend on the server's state or its cells.
"""

from __future__ import annotations

import typing as ty

from nova.compute import instance_actions
from nova.idempotency.traces import InstanceAction


def _handed(name: str, *events: str) -> InstanceAction:
    return InstanceAction(name, events)


ATTACH_INTERFACE: ty.Final = InstanceAction(
    instance_actions.ATTACH_INTERFACE,
    ("compute_attach_interface",),
    awaited=True,
)
ATTACH_SHARE: ty.Final = _handed(
    instance_actions.ATTACH_SHARE, "compute_allow_share"
)
ATTACH_VOLUME: ty.Final = _handed(
    instance_actions.ATTACH_VOLUME,
    "compute_attach_volume",
    "api_attach_volume",  # shelved and offloaded, so on no host
)
BACKUP: ty.Final = _handed(instance_actions.BACKUP, "compute_backup_instance")
CHANGE_PASSWORD: ty.Final = _handed(
    instance_actions.CHANGE_PASSWORD, "compute_set_admin_password"
)
CONFIRM_RESIZE: ty.Final = _handed(
    instance_actions.CONFIRM_RESIZE,
    "compute_confirm_resize",
    "conductor_confirm_snapshot_based_resize",
)
CRASH_DUMP: ty.Final = _handed(
    instance_actions.TRIGGER_CRASH_DUMP, "compute_trigger_crash_dump"
)
# Not api_snapshot_instance: for a server on a volume, the API makes the image
# only after that event.
CREATE_IMAGE: ty.Final = _handed(
    instance_actions.CREATE_IMAGE, "compute_snapshot_instance"
)
# If the server is on no host, or on one that is down, the API deletes it
# itself, without recording an event.
DELETE: ty.Final = InstanceAction(
    instance_actions.DELETE, ("compute_terminate_instance",), deletes=True
)
EVACUATE: ty.Final = _handed(instance_actions.EVACUATE, "rebuild_server")
FORCE_COMPLETE: ty.Final = _handed(
    instance_actions.LIVE_MIGRATION_FORCE_COMPLETE,
    "compute_live_migration_force_complete",
)
LIVE_MIGRATION: ty.Final = _handed(
    instance_actions.LIVE_MIGRATION,
    "conductor_live_migrate_instance",
    "conductor_migrate_server",
)
LOCK: ty.Final = _handed(instance_actions.LOCK, "api_lock")
MIGRATE: ty.Final = _handed(
    instance_actions.MIGRATE, "conductor_migrate_server"
)
PAUSE: ty.Final = _handed(instance_actions.PAUSE, "compute_pause_instance")
REBOOT: ty.Final = _handed(instance_actions.REBOOT, "compute_reboot_instance")
REBUILD: ty.Final = _handed(instance_actions.REBUILD, "rebuild_server")
RESCUE: ty.Final = _handed(instance_actions.RESCUE, "compute_rescue_instance")
# The API does all of it, and then records that it has finished.
RESET_STATE: ty.Final = _handed(instance_actions.RESET_STATE)
RESIZE: ty.Final = _handed(instance_actions.RESIZE, "conductor_migrate_server")
RESTORE: ty.Final = _handed(
    instance_actions.RESTORE, "compute_restore_instance"
)
RESUME: ty.Final = _handed(instance_actions.RESUME, "compute_resume_instance")
REVERT_RESIZE: ty.Final = _handed(
    instance_actions.REVERT_RESIZE,
    "compute_revert_resize",
    "conductor_revert_snapshot_based_resize",
)
SHELVE: ty.Final = _handed(
    instance_actions.SHELVE,
    "compute_shelve_instance",
    "compute_shelve_offload_instance",
)
SHELVE_OFFLOAD: ty.Final = _handed(
    instance_actions.SHELVE_OFFLOAD, "compute_shelve_offload_instance"
)
START: ty.Final = _handed(instance_actions.START, "compute_start_instance")
STOP: ty.Final = _handed(instance_actions.STOP, "compute_stop_instance")
SUSPEND: ty.Final = _handed(
    instance_actions.SUSPEND, "compute_suspend_instance"
)
UNLOCK: ty.Final = _handed(instance_actions.UNLOCK, "api_unlock")
UNPAUSE: ty.Final = _handed(
    instance_actions.UNPAUSE, "compute_unpause_instance"
)
UNRESCUE: ty.Final = _handed(
    instance_actions.UNRESCUE, "compute_unrescue_instance"
)
UNSHELVE: ty.Final = _handed(
    instance_actions.UNSHELVE,
    "compute_start_instance",
    "get_image_info",
    "schedule_instances",
)
