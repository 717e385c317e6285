# SPDX-License-Identifier: Apache-2.0
"""The shape of the code: which way it depends, and how large it may be."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import pathlib
import sys
import typing as ty

import testtools

ROOT = pathlib.Path(__file__).parents[3]
_PRODUCT: ty.Final = ("nova", "library", "client", "migrations")
_SIZED = ("nova", "library", "client", "embedded", "testing")
_MAX_MODULE = 300
_MAX_FUNCTION = 40

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
        "oslo_middleware",
        "webob",
    ),
}
# The modules at its top put the layers together.
_TOP: ty.Final = (
    "openstack_idempotency",
    "cryptography",
    "oslo_config",
)
# What each other folder may import of the others. The ground is embedded, a
# whole control plane, and testing, which all suites stand on; it knows no
# suite, and no suite another. But what tests a suite has to know it, and what
# is said here.
_GROUND: ty.Final = ("embedded", "testing")
_BESIDE: ty.Final = {
    "embedded": (),
    "testing": ("embedded",),
    ".ci": _GROUND,
    "chaos": _GROUND,
    "lossy": _GROUND,
    "benchmarks": (*_GROUND, "chaos"),
    "model": (),
    "mutations": (),
    "simulation": (),
    "tools": (),
    "upstream": _GROUND,
    # Their stories are told with what campaigns are made of: these are the
    # libraries of both suites, not other ones.
    "tests/e2e": (*_GROUND, "lossy"),
    "tests/faults": (*_GROUND, "chaos"),
    "tests/functional": _GROUND,
    "tests/fuzz": _GROUND,
    "tests/unit": (
        *_GROUND,
        "benchmarks",
        "chaos",
        "lossy",
        "mutations",
        "simulation",
        "tools",
        "upstream",
    ),
}
# Folders of modules that are no part of the source.
_MADE: ty.Final = ("build", "var")


@functools.cache
def _trees() -> dict[str, ast.Module]:
    """Return what each module below our folders says."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for folder in (*_PRODUCT, *_BESIDE)
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not {"build", "migrations"} & set(path.relative_to(ROOT).parts[1:])
    }


def _below(*folders: str) -> ty.Iterator[tuple[str, ast.Module]]:
    for path, tree in _trees().items():
        if path.startswith(folders):
            yield path, tree


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
    return (*(_root(folder.replace("/", ".")) for folder in _BESIDE),)


def _allowed(path: str) -> tuple[str, ...]:
    """Return the packages that a module of the library may import."""
    folder, _, rest = path.removeprefix(f"{_LIBRARY}/").partition("/")
    if not rest:
        return _TOP
    return (f"openstack_idempotency.{folder}", *_LAYERS[folder])


class _TestCase(testtools.TestCase):
    def assert_nobody(self, culprits: ty.Iterable[str]) -> None:
        self.assertEqual([], list(culprits))


class DependenciesTest(_TestCase):
    def test_all_imports_are_absolute(self) -> None:
        self.assert_nobody(
            path
            for path, tree in _trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level
        )

    def test_each_layer_of_the_library_knows_those_below_it(self) -> None:
        found = dict(_below(f"{_LIBRARY}/"))
        self.assertIn(f"{_LIBRARY}/engine/engine.py", found)
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in found.items()
            for name in _imports(tree)
            if not _is_below(name, *sys.stdlib_module_names)
            and not _is_below(name, *_allowed(path))
        )

    def test_what_decides_knows_neither_time_nor_threads_nor_a_store(
        self,
    ) -> None:
        trees = _trees()
        self.assert_nobody(
            f"{module} imports {name}"
            for module in ("decision", "record", "answer", "use", "scope")
            for name in _imports(trees[f"{_LIBRARY}/protocol/{module}.py"])
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
            for path, tree in _below("nova/", "client/")
            if not path.startswith("nova/db/")
            for name in _imports(tree)
            if _root(name) in ("sqlalchemy", "alembic")
            or _is_below(name, "oslo_db.sqlalchemy")
        )

    def test_the_decorator_knows_no_service(self) -> None:
        found = {
            (path, name)
            for path, tree in _below(
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
            for path, tree in _below("nova/db/idempotency/")
            for name in _imports(tree)
            if _root(name) == "nova" and not _is_below(name, "nova.db")
        )

    def test_options_know_nothing_but_oslo_config(self) -> None:
        ((_, tree),) = _below("nova/conf/")
        outside = {_root(name) for name in _imports(tree)}
        self.assertEqual(
            {"oslo_config", "openstack_idempotency"},
            outside - set(sys.stdlib_module_names),
        )

    def test_production_code_does_not_know_tests(self) -> None:
        self.assert_nobody(
            f"{path} imports {name}"
            for path, tree in _below(*(f"{part}/" for part in _PRODUCT))
            for name in _imports(tree)
            if _is_below(name, "nova.tests", "unittest", *_names())
        )

    def test_what_may_be_imported_is_said_of_each_folder(self) -> None:
        tops = [ROOT / "tests", ROOT]
        told = {*_PRODUCT, *_MADE, *_BESIDE, "tests"}
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
            for folder, allowed in _BESIDE.items()
            for path, tree in _below(f"{folder}/")
            for name in _imports(tree)
            if _is_below(name, *_names())
            and not _is_below(name, folder.replace("/", "."), *allowed)
        )


class FilesTest(_TestCase):
    def test_none_of_ours_replaces_one_of_upstream_s(self) -> None:
        upstream = {str(f) for f in importlib.metadata.files("nova") or ()}
        self.assertIn("nova/__init__.py", upstream)
        self.assert_nobody(upstream.intersection(_trees()))

    def test_no_folder_of_upstream_s_has_an_init_of_ours(self) -> None:
        files = importlib.metadata.files("nova") or ()
        theirs = {f"{file.parent}/__init__.py" for file in files}
        self.assert_nobody(theirs.intersection(_trees()))

    def test_each_begins_with_its_licence(self) -> None:
        line = "# SPDX-License-Identifier: Apache-2.0"
        self.assert_nobody(
            path
            for path in _trees()
            if (ROOT / path).read_text("utf-8").partition("\n")[0]
            not in (line, "")  # a package may be an empty file
        )

    def test_none_is_longer_than_can_be_read_in_one_go(self) -> None:
        self.assert_nobody(
            path
            for path, _ in _below(*_SIZED)
            if (ROOT / path).read_text("utf-8").count("\n") > _MAX_MODULE
        )

    def test_no_function_is_longer_than_a_screen(self) -> None:
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        self.assert_nobody(
            f"{path}: {node.name}"
            for path, tree in _below(*_SIZED)
            for node in ast.walk(tree)
            if isinstance(node, functions)
            and (node.end_lineno or 0) - node.lineno >= _MAX_FUNCTION
        )


class CasesTest(_TestCase):
    def test_each_case_is_a_test_of_its_own(self) -> None:
        """Below testtools, subTest does not tell which case has failed."""
        self.assert_nobody(
            path
            for path, tree in _trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "subTest"
        )
