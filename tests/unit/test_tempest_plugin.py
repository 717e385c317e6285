# SPDX-License-Identifier: Apache-2.0
"""Our Tempest plugin, as far as it can be seen without a cloud."""

from __future__ import annotations

import ast
import pathlib
import re
import tomllib

import testtools

HOME = pathlib.Path(__file__).parents[2] / "tempest_plugin"
TESTS = HOME / "nova_idempotency_tempest_plugin" / "tests"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def tests() -> dict[str, list[str]]:
    """Return the ids by which Tempest knows each test, across renames."""
    return {
        f"{path.stem}.{node.name}": [
            ast.literal_eval(one.args[0])
            for one in node.decorator_list
            if isinstance(one, ast.Call)
            and ast.unparse(one.func) == "decorators.idempotent_id"
        ]
        for path in sorted(TESTS.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


class PluginTest(testtools.TestCase):
    def test_each_test_has_an_id_of_its_own(self) -> None:
        found = tests()
        self.assertTrue(found)
        for name, ids in found.items():
            self.assertEqual(1, len(ids), name)
            self.assertRegex(ids[0], _ID)
        self.assertEqual(len(found), len({ids[0] for ids in found.values()}))

    def test_the_entry_point_is_there(self) -> None:
        text = (HOME / "pyproject.toml").read_text("utf-8")
        points = tomllib.loads(text)["project"]["entry-points"]
        (where,) = points["tempest.test_plugins"].values()
        module, _, name = where.partition(":")
        path = HOME / f"{module.replace('.', '/')}.py"
        tree = ast.parse(path.read_text("utf-8"))
        classes = [n.name for n in tree.body if isinstance(n, ast.ClassDef)]
        self.assertIn(name, classes)
