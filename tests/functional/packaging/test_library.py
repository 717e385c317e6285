# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pathlib
import tempfile
import typing as ty

import testtools

from tests.functional.packaging import builds
from tests.functional.packaging import scratch

PACKAGE = "openstack_idempotency"
MIGRATIONS = f"{PACKAGE}/migrations/"
# Whoever imports a service finds none, nor what tests are written with. Only
# the modules that are named after one know it.
ALONE = """
import importlib, pathlib, pkgutil

SERVICES = ("cinder", "glance", "heat", "keystone", "neutron", "nova",
            "placement")
TESTS = ("ddt", "fixtures", "testtools")

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in SERVICES + TESTS:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import openstack_idempotency as library
found = [m.name for m in pkgutil.walk_packages(
    library.__path__, "openstack_idempotency.")]
for name in found:
    if not name.startswith(("openstack_idempotency.migrations.",
                            "openstack_idempotency.services.",
                            "openstack_idempotency.serving.",
                            "openstack_idempotency.fixture.contract")):
        importlib.import_module(name)
import sqlalchemy as sa
from openstack_idempotency.sql import migration
engine = sa.create_engine(sys.argv[1])
migration.db_sync(engine)
print(json.dumps([len(found), migration.db_version(engine)]))
"""


class LibraryWheelTest(testtools.TestCase):
    """The distribution that any service can use."""

    wheel: ty.ClassVar[pathlib.Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        copy = builds.copy_of_checkout(cls)
        cls.wheel = builds.build("wheel", copy / "library")

    def test_one_package_with_all_its_modules(self) -> None:
        names = builds.files(self.wheel)
        info = {name for name in names if ".dist-info/" in name}
        source = builds.CHECKOUT / "library" / PACKAGE
        scripts = builds.CHECKOUT / "migrations"
        expected = {
            f"{PACKAGE}/{path.relative_to(source)}"
            for path in (*source.rglob("*.py"), source / "py.typed")
        } | {
            f"{MIGRATIONS}{path.relative_to(scripts)}"
            for path in (*scripts.rglob("*.py"), scripts / "script.py.mako")
        }
        self.assertEqual(expected, names - info)

    def test_it_needs_no_service(self) -> None:
        environment = self.useFixture(scratch.Scratch())
        environment.install(self.wheel)
        environment.borrow()
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/tokens.sqlite"
            modules, version = environment.ask(ALONE, url)
        self.assertGreater(modules, 40)
        self.assertIsNotNone(version)
