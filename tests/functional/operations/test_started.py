# SPDX-License-Identifier: Apache-2.0
"""Dead workers of operations on servers: what the table does not show.

:mod:`.test_evidence` has each operation in its usual course.
"""

from __future__ import annotations

import typing as ty

import fixtures
from oslo_db import exception as db_exc
import oslo_messaging

from nova import objects
from nova import rpc
from nova.compute import api as compute_api
from nova.compute import instance_actions
from nova.idempotency import actions
from nova.openstack.common.idempotency.points import Point
from tests.functional import base
from tests.functional.operations import aftermath
from tests.functional.operations import cloud
from tests.functional.operations import neighbours

_ACTION = f"/servers/{cloud.SERVER}/action"
_INTERFACES = f"/servers/{cloud.SERVER}/os-interface"
_VOLUMES = f"/servers/{cloud.SERVER}/os-volume_attachments"
_SHARES = f"/servers/{cloud.SERVER}/shares"

_STOP = (_ACTION, {"os-stop": None})
_DELETE = (_ACTION, {"forceDelete": None})
_REBUILD = (_ACTION, {"rebuild": {"imageRef": cloud.IMAGE}})
_RESCUE = (_ACTION, {"rescue": {"adminPass": "secret"}})
_EVACUATE = (_ACTION, {"evacuate": {"onSharedStorage": "False"}})
_PORT = {"port_id": neighbours.PORT["id"]}
_INTERFACE = (_INTERFACES, {"interfaceAttachment": _PORT})
_VOLUME = (_VOLUMES, {"volumeAttachment": {"volumeId": cloud.VOLUME}})
_SHARE = (_SHARES, {"share": {"share_id": cloud.VOLUME, "tag": "files"}})


class Started(aftermath.Aftermath):
    """Between the record and the event, and records of something else."""

    def test_died_while_it_sent_the_message(self) -> None:
        def die(ctxt: ty.Any, **kwargs: ty.Any) -> ty.NoReturn:
            raise base.Died

        self.server()
        self.effects.answers["stop_instance"] = die
        self.assertRaises(base.Died, self.post, *_STOP, "t")
        self.change(lease_until=0)
        for _ in range(2):
            self.assert_unknown(self.retry(*_STOP))

    def test_the_message_was_not_sent(self) -> None:
        def fail(ctxt: ty.Any, **kwargs: ty.Any) -> ty.NoReturn:
            raise oslo_messaging.MessageDeliveryFailure

        self.server()
        self.effects.answers["stop_instance"] = fail
        self.left_by_a_dead_worker(
            Point.BEFORE_SETTLE, lambda: self.post(*_STOP, "t")
        )
        self.assert_unknown(self.retry(*_STOP))

    def test_what_is_no_server_is_not_taken_for_one(self) -> None:
        # An id of something else, here the server's own, finds no action.
        self.server()
        self.aggregate()
        self.api.microversion = "2.35"
        for path, body in (
            ("/os-aggregates/1/action", {"add_host": {"host": cloud.HOST}}),
            ("/os-volumes", {"volume": {"size": 1}}),
        ):
            self.left_by_a_dead_worker(
                Point.AFTER_METHOD,
                lambda path=path, body=body: self.post(path, body, "t"),
            )
            self.assert_unknown(self.retry(path, body))

    def test_the_server_was_deleted_by_nova_compute(self) -> None:
        self.server()
        first, recorded = self.asked(*_DELETE)
        recorded.forget()
        self.assert_unknown(self.retry(*_DELETE))
        self.destroy()
        self.assert_accepted(first, self.retry(*_DELETE))

    def test_the_server_was_deleted_by_the_api(self) -> None:
        self.server()
        self.host_is_down()
        # Nova has no notification of that name, and its tests insist.
        self._replaced(rpc.LegacyValidatingNotifier, "fatal", False)
        first, recorded = self.asked(*_DELETE)
        self.assertEqual([], recorded.events())
        self.assert_accepted(first, self.retry(*_DELETE))

    def test_died_between_two_records(self) -> None:
        # A resize is confirmed first; the deletion was not begun.
        self.server()
        _, recorded = self.asked(*_DELETE)
        recorded.record(instance_actions.CONFIRM_RESIZE)
        (event, *_) = actions.CONFIRM_RESIZE.events
        recorded.begin(event)
        recorded.end(event)
        self.assert_unknown(self.retry(*_DELETE))

    def test_stopped_and_deleted_since(self) -> None:
        self.server()
        first, recorded = self.asked(*_STOP)
        recorded.begin("compute_stop_instance")
        self.destroy()
        self.assert_accepted(first, self.retry(*_STOP))

    def test_the_cell_is_out_of_reach(self) -> None:
        self.server()
        first, recorded = self.asked(*_STOP)
        recorded.begin("compute_stop_instance")
        (before,) = self.rows()
        with fixtures.MockPatchObject(
            compute_api.InstanceActionAPI,
            "action_events_get",
            side_effect=db_exc.DBConnectionError,
        ):
            self.assert_fault(self.retry(*_STOP), 503, "not available")
        (after,) = self.rows()
        # Tried, and left for the next retry at once.
        self.assertEqual("running", after.state)
        self.assertEqual(0, after.lease_until)
        self.assertEqual(before.request_id, after.request_id)
        self.assert_accepted(first, self.retry(*_STOP))


class Attached(aftermath.Aftermath):
    """What was attached is read again, if it is still the same."""

    def ended(self, request: ty.Any, event: str) -> ty.Any:
        """Let a request end well, and its answer be lost."""
        first, recorded = self.asked(*request)
        recorded.begin(event)
        recorded.end(event)
        return first

    def later(self, action: str) -> None:
        """Let another request to the server be recorded."""
        with self.in_the_cell() as targeted:
            objects.InstanceAction.action_start(targeted, cloud.SERVER, action)

    def test_an_interface_by_its_port(self) -> None:
        self.server()
        first, recorded = self.asked(*_INTERFACE)
        recorded.begin("compute_attach_interface")
        self.assert_unknown(self.retry(*_INTERFACE))
        recorded.end("compute_attach_interface")
        self.assert_accepted(first, self.retry(*_INTERFACE))

    def test_an_interface_that_is_gone(self) -> None:
        self.server()
        self.ended(_INTERFACE, "compute_attach_interface")
        self.neutron._ports[neighbours.PORT["id"]]["device_id"] = ""
        self.assert_lost(self.retry(*_INTERFACE))

    def test_an_interface_that_was_attached_again(self) -> None:
        self.server()
        self.ended(_INTERFACE, "compute_attach_interface")
        self.later(instance_actions.DETACH_INTERFACE)
        self.assert_lost(self.retry(*_INTERFACE))

    def test_an_interface_while_neutron_is_out_of_reach(self) -> None:
        self.server()
        first = self.ended(_INTERFACE, "compute_attach_interface")
        with fixtures.MockPatchObject(
            self.neutron, "show_port", side_effect=ConnectionError
        ):
            self.assert_fault(self.retry(*_INTERFACE), 503, "not available")
        self.assert_accepted(first, self.retry(*_INTERFACE))

    def test_a_rebuilt_server_while_neutron_is_out_of_reach(self) -> None:
        self.server()
        first = self.ended(_REBUILD, "rebuild_server")
        with fixtures.MockPatchObject(
            self.neutron, "list_ports", side_effect=ConnectionError
        ):
            self.assert_fault(self.retry(*_REBUILD), 503, "not available")
        self.assert_accepted(first, self.retry(*_REBUILD))

    def test_a_volume_that_is_gone(self) -> None:
        self.server()
        self.ended(_VOLUME, "compute_attach_volume")
        with self.in_the_cell() as targeted:
            objects.BlockDeviceMapping.get_by_volume_and_instance(
                targeted, cloud.VOLUME, cloud.SERVER
            ).destroy()
        for _ in range(2):
            self.assert_lost(self.retry(*_VOLUME))

    def test_a_volume_that_was_attached_again(self) -> None:
        self.server()
        self.ended(_VOLUME, "compute_attach_volume")
        self.later(instance_actions.DETACH_VOLUME)
        self.assert_lost(self.retry(*_VOLUME))

    def test_a_volume_of_a_server_on_no_host(self) -> None:
        self.server(vm_state="shelved_offloaded", host=None, node=None)
        first, recorded = self.asked(*_VOLUME)
        self.assertEqual(["api_attach_volume"], recorded.events())
        self.assertIsNone(first.json()["volumeAttachment"]["device"])
        self.assert_accepted(first, self.retry(*_VOLUME))
        self.answer_is_lost()
        recorded.forget()
        recorded.begin("api_attach_volume")
        self.assert_unknown(self.retry(*_VOLUME))

    def test_a_share_that_is_gone(self) -> None:
        self.api.microversion = "2.97"
        self.server(vm_state="stopped")
        self.ended(_SHARE, "compute_allow_share")
        with self.in_the_cell() as targeted:
            objects.ShareMapping.get_by_instance_uuid_and_share_id(
                targeted, cloud.SERVER, cloud.VOLUME
            ).delete()
        self.assert_lost(self.retry(*_SHARE))

    def test_the_server_of_a_volume_is_gone(self) -> None:
        self.server()
        self.ended(_VOLUME, "compute_attach_volume")
        self.destroy()
        self.assert_lost(self.retry(*_VOLUME))

    def test_a_rebuilt_server_is_gone(self) -> None:
        self.server()
        self.ended(_REBUILD, "rebuild_server")
        self.destroy()
        self.assert_lost(self.retry(*_REBUILD))


class Passwords(aftermath.Aftermath):
    """Without its password an answer is as where Nova gives none."""

    def check(self, event: str, request: ty.Any) -> None:
        self.flags(group="api", enable_instance_password=False)
        first, recorded = self.asked(*request)
        recorded.begin(event)
        shown = self.retry(*request)
        self.assert_accepted(first, shown)
        self.assertEqual(first.content, shown.content)
        self.flags(group="api", enable_instance_password=True)
        self.answer_is_lost()
        self.assertEqual(first.content, self.retry(*request).content)

    def test_rescue(self) -> None:
        self.server()
        self.check("compute_rescue_instance", _RESCUE)

    def test_rebuild(self) -> None:
        self.server()
        self.check("rebuild_server", _REBUILD)

    def test_evacuate(self) -> None:
        self.api.microversion = "2.13"
        self.server()
        self.host_is_down()
        self.check("rebuild_server", _EVACUATE)


class Versions(aftermath.Aftermath):
    """The answer has what the microversion has; one test for each."""

    def check(
        self, version: str, event: str, request: ty.Any, *, lost: bool
    ) -> None:
        self.api.microversion = version
        self.server()
        first, recorded = self.asked(*request)
        recorded.begin(event)
        retry = self.retry(*request)
        if lost:
            self.assert_lost(retry)
        else:
            self.assert_accepted(first, retry)


def _backup(rotation: int) -> ty.Any:
    backup = {"name": "b", "backup_type": "daily", "rotation": rotation}
    return (_ACTION, {"createBackup": backup})


_TAGGED = {"volumeId": cloud.VOLUME, "tag": "a", "delete_on_termination": True}
_OF_VERSIONS: dict[str, tuple[str, ty.Any, tuple[str, ...]]] = {
    "rebuild": (
        "rebuild_server",
        _REBUILD,
        (
            "2.1",
            "2.9",
            "2.19",
            "2.26",
            "2.47",
            "2.54",
            "2.57",
            "2.63",
            "2.71",
            "2.75",
            "2.96",
            "2.98",
        ),
    ),
    "volume": (
        "compute_attach_volume",
        _VOLUME,
        ("2.1", "2.70", "2.79", "2.89"),
    ),
    "tagged_volume": (
        "compute_attach_volume",
        (_VOLUMES, {"volumeAttachment": _TAGGED}),
        ("2.79",),
    ),
    "backup_that_is_not_kept": (
        "compute_backup_instance",
        _backup(0),
        ("2.1", "2.44"),
    ),
}
_LOST: dict[str, tuple[str, ty.Any, tuple[str, ...]]] = {
    "backup": ("compute_backup_instance", _backup(1), ("2.1",)),
    "backup_whose_id_is_told": (
        "compute_backup_instance",
        _backup(0),
        ("2.45",),
    ),
    "image": (
        "compute_snapshot_instance",
        (_ACTION, {"createImage": {"name": "image1"}}),
        ("2.1", "2.45"),
    ),
}


def _add_tests(name: str, *, lost: bool) -> None:
    event, request, versions = (_LOST if lost else _OF_VERSIONS)[name]
    for version in versions:

        def test(self: Versions, version: str = version) -> None:
            self.check(version, event, request, lost=lost)

        test.__name__ = f"test_{name}_at_{version.replace('.', '_')}"
        setattr(Versions, test.__name__, test)


for _name in _OF_VERSIONS:
    _add_tests(_name, lost=False)
for _name in _LOST:
    _add_tests(_name, lost=True)
