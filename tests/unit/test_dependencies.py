# SPDX-License-Identifier: Apache-2.0
"""What each distribution says that it needs is what its modules import."""

from __future__ import annotations

import ast
import importlib.metadata
import pathlib
import re
import sys
import tomllib
import typing as ty

import ddt
import testtools

ROOT = pathlib.Path(__file__).parents[2]
# Each distribution, with the folder of its modules.
_DISTRIBUTIONS: ty.Final = (
    (".", "nova"),
    ("library", "library/openstack_idempotency"),
    ("client", "client/openstack_idempotency_client"),
    ("tempest_plugin", "tempest_plugin/nova_idempotency_tempest_plugin"),
)
# What comes with another one, by which it is pinned.
_WITH_ANOTHER: ty.Final = {
    "requests": "keystoneauth1",
    "urllib3": "keystoneauth1",
    "cliff": "python-openstackclient",
    "osc-lib": "python-openstackclient",
}


def _imported(folder: pathlib.Path) -> set[str]:
    """Return the top packages that modules import, but the standard's."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    roots = {name.partition(".")[0] for name in names}
    return roots - set(sys.stdlib_module_names) - {folder.name}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared(project: dict[str, ty.Any]) -> set[str]:
    extras = project.get("optional-dependencies", {}).values()
    given = [*project["dependencies"], *(one for e in extras for one in e)]
    return {_normal(re.split(r"[^\w.-]", one)[0]) for one in given}


@ddt.ddt
class DependenciesTest(testtools.TestCase):
    @ddt.data(*_DISTRIBUTIONS)
    @ddt.unpack
    def test_they_are_what_is_imported(self, where: str, folder: str) -> None:
        text = (ROOT / where / "pyproject.toml").read_text("utf-8")
        project = tomllib.loads(text)["project"]
        homes = importlib.metadata.packages_distributions()
        needed = {
            _WITH_ANOTHER.get(name, name)
            for root in _imported(ROOT / folder)
            for name in map(_normal, homes[root][:1])
        }
        own = {_normal(project["name"])}
        if folder == "nova":
            # Its modules lie beside upstream's.
            needed.add("nova")
        self.assertEqual(needed - own, _declared(project) - own)
