# SPDX-License-Identifier: Apache-2.0
"""Each form that Nova's parts have had; one release has but one of them."""

from __future__ import annotations

import types

import testtools

from nova.api.openstack import api_version_request
from nova.idempotency import releases


def _louder(method):
    def louder(*args):
        return method(*args).upper()

    return louder


class _Newer:
    """A controller as since Nova 32."""

    def create(self):
        return "created"


class _Older:
    """A controller as up to Nova 31, that chooses by microversion."""

    def __init__(self):
        self.version = 1

    @property
    def create(self):
        choice = self.versioned_methods["create"][self.version]
        return lambda: choice.func(self)

    def show(self):
        return "shown"

    versioned_methods = {
        "create": [
            types.SimpleNamespace(start_version=2, func=lambda self: "new"),
            types.SimpleNamespace(start_version=1, func=lambda self: "old"),
        ]
    }


class ChoicesTest(testtools.TestCase):
    def test_there_are_none_since_nova_32(self):
        self.assertEqual((), releases.choices(_Newer(), "create"))

    def test_there_are_none_for_other_methods(self):
        self.assertEqual((), releases.choices(_Older(), "show"))

    def test_each_one_is_changed_on_that_instance_alone(self):
        changed, other = _Older(), _Older()
        releases.change_choices(changed, "create", _louder)
        self.assertEqual(2, len(releases.choices(changed, "create")))
        said = []
        for controller in (changed, other):
            for controller.version in (0, 1):
                said.append(controller.create())
        self.assertEqual(["NEW", "OLD", "new", "old"], said)

    def test_what_else_nova_knows_of_them_is_kept(self):
        controller = _Older()
        releases.change_choices(controller, "create", _louder)
        kept = [
            one.start_version for one in controller.versioned_methods["create"]
        ]
        self.assertEqual([2, 1], kept)


class ViewsTest(testtools.TestCase):
    def request(self, version):
        asked = api_version_request.APIVersionRequest(version)
        return types.SimpleNamespace(
            api_version_request=asked, is_legacy_v2=lambda: False
        )

    def test_a_server_with_the_body(self):
        class Builder:
            def create(self, request, body, instance):
                return {"from": (request, body, instance)}

        shown = releases.view_of_server(Builder(), 1, {"b": 2}, 3)
        self.assertEqual({"from": (1, {"b": 2}, 3)}, shown)

    def test_a_server_without_it(self):
        class Builder:
            def create(self, request, instance):
                return {"from": (request, instance)}

        shown = releases.view_of_server(Builder(), 1, {"b": 2}, 3)
        self.assertEqual({"from": (1, 3)}, shown)

    def test_a_flavor(self):
        class Builder:
            def show(self, request, flavor, include_extra_specs=False):
                return {"specs": include_extra_specs}

        for specs in (True, False):
            shown = releases.view_of_flavor(Builder(), None, 1, specs=specs)
            self.assertEqual({"specs": specs}, shown)

    def test_a_flavor_that_is_told_of_its_description(self):
        class Builder:
            def show(
                self,
                request,
                flavor,
                include_description=False,
                include_extra_specs=False,
            ):
                return {"described": include_description}

        for version, described in (("2.54", False), ("2.55", True)):
            shown = releases.view_of_flavor(
                Builder(), self.request(version), 1, specs=True
            )
            self.assertEqual({"described": described}, shown)
