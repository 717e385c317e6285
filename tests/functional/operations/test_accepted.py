# SPDX-License-Identifier: Apache-2.0
"""Answers made again: of what is attached, of passwords, by microversion."""

from __future__ import annotations

import typing as ty

import fixtures

from nova import objects
from nova.compute import instance_actions
from testing.nova import cloud
from testing.nova import neighbours
from testing.nova import releases
from tests.functional.operations import aftermath

_ACTION = f"/servers/{cloud.SERVER}/action"
_INTERFACES = f"/servers/{cloud.SERVER}/os-interface"
_VOLUMES = f"/servers/{cloud.SERVER}/os-volume_attachments"
_SHARES = f"/servers/{cloud.SERVER}/shares"

_REBUILD = (_ACTION, {"rebuild": {"imageRef": cloud.IMAGE}})
_RESCUE = (_ACTION, {"rescue": {"adminPass": "secret"}})
_EVACUATE = (_ACTION, {"evacuate": {"onSharedStorage": "False"}})
_PORT = {"port_id": neighbours.PORT["id"]}
_INTERFACE = (_INTERFACES, {"interfaceAttachment": _PORT})
_VOLUME = (_VOLUMES, {"volumeAttachment": {"volumeId": cloud.VOLUME}})
_SHARE = (_SHARES, {"share": {"share_id": cloud.VOLUME, "tag": "files"}})


class Attached(aftermath.Aftermath):
    """What was attached is read again, if it is still the same."""

    def ended(self, request: ty.Any, event: str) -> ty.Any:
        """Let a request end well, and its answer be lost."""
        first, recorded = self.asked(*request)
        recorded.begin(event)
        recorded.end(event)
        return first

    def other(self, action: str) -> None:
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
        self.other(instance_actions.DETACH_INTERFACE)
        self.assert_lost(self.retry(*_INTERFACE))

    def test_an_interface_while_neutron_is_out_of_reach(self) -> None:
        self.server()
        first = self.ended(_INTERFACE, "compute_attach_interface")
        with fixtures.MockPatchObject(
            self.neutron, "show_port", side_effect=ConnectionError
        ):
            self.assert_fault(self.retry(*_INTERFACE), 503, "temporarily")
        self.assert_accepted(first, self.retry(*_INTERFACE))

    def test_a_rebuilt_server_while_neutron_is_out_of_reach(self) -> None:
        self.server()
        first = self.ended(_REBUILD, "rebuild_server")
        with fixtures.MockPatchObject(
            self.neutron, "list_ports", side_effect=ConnectionError
        ):
            self.assert_fault(self.retry(*_REBUILD), 503, "temporarily")
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
        self.other(instance_actions.DETACH_VOLUME)
        self.assert_lost(self.retry(*_VOLUME))

    def test_a_volume_that_was_attached_before(self) -> None:
        self.server()
        self.other(instance_actions.DETACH_VOLUME)
        first = self.ended(_VOLUME, "compute_attach_volume")
        self.assert_accepted(first, self.retry(*_VOLUME))

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

    def test_a_share_that_was_attached_again(self) -> None:
        self.api.microversion = "2.97"
        self.server(vm_state="stopped")
        self.ended(_SHARE, "compute_allow_share")
        self.other(instance_actions.DETACH_SHARE)
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
    "volume": ("compute_attach_volume", _VOLUME, releases.VOLUME_VERSIONS),
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
