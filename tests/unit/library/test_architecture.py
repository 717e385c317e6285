# SPDX-License-Identifier: Apache-2.0
"""The shape of the code: which way it depends."""

from __future__ import annotations

import ast
import sys
import typing as ty

from tests.unit.library.modules import below
from tests.unit.library.modules import BESIDE
from tests.unit.library.modules import PRODUCT
from tests.unit.library.modules import ROOT
from tests.unit.library.modules import SourceTestCase
from tests.unit.library.modules import trees

_LIBRARY = "library/openstack_idempotency"
# What each folder of the library may import besides the standard library and
# itself: the layers below it, and libraries.
_LAYERS: ty.Final = {
    "protocol": (),
    "engine": ("openstack_idempotency.protocol", "oslo_log"),
    "sql": (
        "openstack_idempotency.protocol",
        "openstack_idempotency.engine",
        "alembic",
        "oslo_db",
        "oslo_log",
        "sqlalchemy",
    ),
    "commands": (
        "openstack_idempotency",
        "oslo_config",
        "oslo_log",
        "oslo_upgradecheck",
        "prettytable",
        "prometheus_client",
        "rich",
        "sqlalchemy",
    ),
    "fixture": (
        "openstack_idempotency.protocol",
        "openstack_idempotency.engine",
        "ddt",
        "testtools",
    ),
    "wsgi": (
        "openstack_idempotency.protocol",
        "openstack_idempotency.engine",
        "openstack_idempotency.sql",
        "oslo_context",
        "oslo_middleware",
        "webob",
    ),
    "middleware": (
        "openstack_idempotency",
        "oslo_config",
        "oslo_context",
        "oslo_log",
        "oslo_middleware",
        "oslo_utils",
        "webob",
    ),
}
# Each of their modules knows the one service whose name it has, and what that
# brings with it.
_OF_SERVICES: ty.Final = ("services", "serving")
_FOR_SERVICES: ty.Final = {
    "cinder": ("cinder", "oslo_db"),
    "glance": ("glance", "oslo_db", "oslo_utils"),
    "keystone": ("keystone",),
    "neutron": ("neutron", "neutron_lib", "oslo_db"),
    "placement": ("microversion_parse", "placement"),
}
# The modules at its top put the layers together.
_TOP: ty.Final = (
    "openstack_idempotency",
    "cryptography",
    "oslo_config",
)
# Packages that only tests import, beside our own folders.
_FOR_TESTS: ty.Final = (
    "nova.tests",
    "nova_idempotency_tempest_plugin",
    "tempest",
    "unittest",
)
# Folders of modules that are no part of the source.
_MADE: ty.Final = ("build", "var")


def _imports(tree: ast.Module) -> set[str]:
    """Return the full names of all that a module imports, late or not."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _root(name: str) -> str:
    return name.partition(".")[0]


def _is_below(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def _names() -> tuple[str, ...]:
    """Return the packages that are no part of the product."""
    return (*(_root(folder.replace("/", ".")) for folder in BESIDE),)


def _allowed(path: str) -> tuple[str, ...]:
    """Return the packages that a module of the library may import."""
    folder, _, rest = path.removeprefix(f"{_LIBRARY}/").partition("/")
    if not rest:
        return _TOP
    if folder in _OF_SERVICES:
        service = _FOR_SERVICES.get(rest.removesuffix(".py"), ())
        ours = ("openstack_idempotency", "oslo_config", "webob")
        return (*ours, *service)
    return (f"openstack_idempotency.{folder}", *_LAYERS[folder])


class DependenciesTest(SourceTestCase):
    def test_all_imports_are_absolute(self) -> None:
        self.assert_nobody(
            path
            for path, tree in trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level
        )

    def test_each_layer_of_the_library_knows_those_below_it(self) -> None:
        found = dict(below(f"{_LIBRARY}/"))
        self.assertIn(f"{_LIBRARY}/engine/engine.py", found)
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in found.items()
            for name in _imports(tree)
            if not _is_below(name, *sys.stdlib_module_names)
            and not _is_below(name, *_allowed(path))
        )

    def test_nothing_else_of_the_library_knows_a_service(self) -> None:
        services = (f"openstack_idempotency.{f}" for f in _OF_SERVICES)
        known = tuple(services)
        ours = tuple(f"{_LIBRARY}/{folder}/" for folder in _OF_SERVICES)
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in below(f"{_LIBRARY}/")
            if not path.startswith(ours)
            for name in _imports(tree)
            if _is_below(name, *known)
        )

    def test_what_decides_knows_neither_time_nor_threads_nor_a_store(
        self,
    ) -> None:
        found = trees()
        self.assert_nobody(
            f"{module} imports {name}"
            for module in ("decision", "record", "answer", "use", "scope")
            for name in _imports(found[f"{_LIBRARY}/protocol/{module}.py"])
            if _root(name)
            not in (
                "__future__",
                "dataclasses",
                "enum",
                "json",
                "typing",
                "urllib",
            )
            and not _is_below(name, "openstack_idempotency.protocol")
        )

    def test_sqlalchemy_is_known_beside_databases_only(self) -> None:
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in below("nova/", "client/")
            if not path.startswith("nova/db/")
            for name in _imports(tree)
            if _root(name) in ("sqlalchemy", "alembic")
            or _is_below(name, "oslo_db.sqlalchemy")
        )

    def test_the_decorator_knows_no_service(self) -> None:
        found = {
            (path, name)
            for path, tree in below(
                "nova/openstack/", f"{_LIBRARY}/decorator.py"
            )
            for name in _imports(tree)
            if _root(name) not in sys.stdlib_module_names
        }
        self.assertTrue(found)
        self.assert_nobody(
            f"{path} imports {name}"
            for path, name in sorted(found)
            if not _is_below(
                name,
                "openstack_idempotency.decorator",
                "openstack_idempotency.once",
                "openstack_idempotency.protocol",
            )
        )

    def test_what_knows_nova_s_database_does_not_know_the_api(self) -> None:
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in below("nova/db/idempotency/")
            for name in _imports(tree)
            if _root(name) == "nova" and not _is_below(name, "nova.db")
        )

    def test_options_know_nothing_but_oslo_config(self) -> None:
        ((_, tree),) = below("nova/conf/")
        outside = {_root(name) for name in _imports(tree)}
        self.assertEqual(
            {"oslo_config", "openstack_idempotency"},
            outside - set(sys.stdlib_module_names),
        )

    def test_production_code_does_not_know_tests(self) -> None:
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in below(*(f"{part}/" for part in PRODUCT))
            for name in _imports(tree)
            if _is_below(name, *_FOR_TESTS, *_names())
        )

    def test_what_may_be_imported_is_said_of_each_folder(self) -> None:
        tops = [ROOT / "tests", ROOT]
        told = {*PRODUCT, *_MADE, *BESIDE, "tests"}
        self.assert_nobody(
            name
            for folder in (f for top in tops for f in top.iterdir())
            if (name := str(folder.relative_to(ROOT))) not in told
            and not folder.name.startswith((".", "__"))
            and next(folder.rglob("*.py"), None)
        )

    def test_no_suite_stands_on_another(self) -> None:
        self.assert_nobody(
            f"{path} imports {name}"
            for folder, allowed in BESIDE.items()
            for path, tree in below(f"{folder}/")
            for name in _imports(tree)
            if _is_below(name, *_names())
            and not _is_below(name, folder.replace("/", "."), *allowed)
        )
