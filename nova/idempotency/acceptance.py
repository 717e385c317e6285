# SPDX-License-Identifier: Apache-2.0
"""Answers of operations on servers, made again when their workers died.

Each function takes a :class:`Case` and returns what the controller's own
method would have returned, without secrets; None if nobody can tell any more.
They are called only after Nova has recorded that the operation went well or is
under way. Most operations answer without a body, and need no function.
"""

from __future__ import annotations

import dataclasses
import typing as ty

import webob
import webob.exc

from nova import exception
from nova import objects
from nova.api.openstack import api_version_request
from nova.api.openstack import common
from nova.api.openstack import wsgi
from nova.compute import instance_actions
from nova.idempotency.traces import Recorded


@dataclasses.dataclass(frozen=True)
class Case:
    """A request whose worker died, as its retry sees it.

    :param controller: the controller whose method it called
    :param req: the retry
    :param body: its body, the same as that of the first request
    :param server_id: the server
    :param recorded: what Nova recorded of it
    """

    controller: ty.Any
    req: wsgi.Request
    body: dict[str, ty.Any]
    server_id: str
    recorded: Recorded

    @property
    def context(self) -> ty.Any:
        """The context of the retry."""
        return self.req.environ["nova.context"]

    def asks(self, version: str) -> bool:
        """Tell whether the request asks for a microversion, or a later one."""
        supported: bool = api_version_request.is_supported(self.req, version)
        return supported


def image(case: Case) -> None:
    """Return None: Nova does not record which image it began to make."""


def backup(case: Case) -> webob.Response | None:
    """Answer as CreateBackupController does where it names no image."""
    if case.asks("2.45") or int(case.body["createBackup"]["rotation"]) > 0:
        return None
    return webob.Response(status_int=202)


def rescue(case: Case) -> dict[str, ty.Any]:
    """Answer as RescueController does where it gives no password."""
    return {}


def rebuild(case: Case) -> wsgi.ResponseObject | None:
    """Answer as ServersController does, without adminPass."""
    controller, req = case.controller, case.req
    try:
        server = controller._get_server(
            case.context, req, case.server_id, is_detail=True
        )
    except webob.exc.HTTPNotFound:
        return None
    # From 2.75 on it shows as much as GET does, by the same policies.
    whole = case.asks("2.75")
    by_policy = None if whole else False
    view = controller._view_builder.show(
        req,
        server,
        extend_address=whole,
        show_AZ=whole,
        show_config_drive=whole,
        show_extended_attr=by_policy,
        show_host_status=by_policy,
        show_keypair=case.asks("2.54"),
        show_srv_usg=whole,
        show_sec_grp=whole,
        show_extended_status=whole,
        show_extended_volumes=whole,
        show_server_groups=case.asks("2.71"),
        show_user_data=False,
    )
    if case.asks("2.57"):
        view["server"]["user_data"] = server.user_data
    return controller._add_location(wsgi.ResponseObject(view))


def interface(case: Case) -> ty.Any:
    """Answer as InterfaceAttachmentController does for a port that it names.

    :param case: the request
    """
    attached = (case.body or {}).get("interfaceAttachment", {})
    port = attached.get("port_id")
    if port is None:
        return None  # Nova chose or created one
    try:
        if _undone(case, instance_actions.DETACH_INTERFACE):
            return None
        return case.controller.show(case.req, case.server_id, port)
    except (
        webob.exc.HTTPNotFound,
        webob.exc.HTTPForbidden,
        exception.Forbidden,
    ):
        return None  # detached, or the caller may attach but not see it


def volume(case: Case) -> webob.Response | dict[str, ty.Any] | None:
    """Answer as VolumeAttachmentController does."""
    if case.asks("2.101"):
        return webob.Response(status_int=202)
    asked = case.body["volumeAttachment"]
    try:
        if _undone(case, instance_actions.DETACH_VOLUME):
            return None
        found = objects.BlockDeviceMapping.get_by_volume_and_instance(
            case.context, asked["volumeId"], case.server_id
        )
    except (webob.exc.HTTPNotFound, exception.VolumeBDMNotFound):
        return None
    view = {
        "id": found.volume_id,
        "serverId": case.server_id,
        "volumeId": found.volume_id,
        "device": found.device_name,
    }
    # The controller returns these as they were asked for.
    if case.asks("2.70"):
        view["tag"] = asked.get("tag")
    if case.asks("2.79"):
        lasts = asked.get("delete_on_termination", False)
        view["delete_on_termination"] = lasts
    return {"volumeAttachment": view}


def share(case: Case) -> dict[str, ty.Any] | None:
    """Answer as ServerSharesController does."""
    try:
        if _undone(case, instance_actions.DETACH_SHARE):
            return None
        found = objects.ShareMapping.get_by_instance_uuid_and_share_id(
            case.context, case.server_id, case.body["share"]["share_id"]
        )
    except (webob.exc.HTTPNotFound, exception.ShareNotFound):
        return None
    view: dict[str, ty.Any] = case.controller._view_builder._show_view(
        case.context, found
    )
    return view


def _undone(case: Case, by: str) -> bool:
    """Tell whether what is attached now may be another request's.

    :param case: the request that attached something
    :param by: the action that detaches such a thing, whichever it was
    :raises webob.exc.HTTPNotFound: the server is gone
    """
    # This also points the context at the server's cell.
    common.get_instance(
        case.controller.compute_api, case.context, case.server_id
    )
    actions = objects.InstanceActionList.get_by_instance_uuid(
        case.context, case.server_id
    )
    # By their keys: the clocks of the API's hosts may differ.
    return any(
        action.action == by and action.id > case.recorded.id
        for action in actions
    )
