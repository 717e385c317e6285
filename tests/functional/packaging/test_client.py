# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pathlib
import re
import typing as ty

import testtools

from tests.functional.packaging import builds
from tests.functional.packaging import scratch

REQUIRED = """
import importlib.metadata
print(json.dumps(importlib.metadata.requires("openstack-idempotency-client")))
"""
PACKAGE = "openstack_idempotency_client"


class ClientWheelTest(testtools.TestCase):
    wheel: ty.ClassVar[pathlib.Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        copy = builds.copy_of_checkout(cls)
        cls.wheel = builds.build("wheel", copy / "client")

    def test_one_package_and_nothing_of_nova(self) -> None:
        names = builds.files(self.wheel)
        info = {name for name in names if ".dist-info/" in name}
        source = builds.CHECKOUT / "client" / PACKAGE
        expected = {
            f"{PACKAGE}/{path.relative_to(source)}"
            for path in (*source.rglob("*.py"), source / "py.typed")
        }
        self.assertEqual(expected, names - info)

    def test_nova_is_not_required_and_not_touched(self) -> None:
        environment = self.useFixture(scratch.Scratch())
        before = environment.contents()
        environment.install(self.wheel)
        names = {
            re.split(r"[^\w-]", line)[0] for line in environment.ask(REQUIRED)
        }
        self.assertIn("python-novaclient", names)
        self.assertNotIn("nova", names)
        environment.pip("uninstall", "--yes", "openstack-idempotency-client")
        self.assertEqual(before, environment.contents())
