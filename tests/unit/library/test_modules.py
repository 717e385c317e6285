# SPDX-License-Identifier: Apache-2.0
"""The form of our modules: their licence, their length, their cases."""

from __future__ import annotations

import ast
import importlib.metadata

from tests.unit.library.modules import below
from tests.unit.library.modules import ROOT
from tests.unit.library.modules import SourceTestCase
from tests.unit.library.modules import trees

_SIZED = ("nova", "library", "client", "embedded", "testing")
_MAX_MODULE = 300
_MAX_FUNCTION = 40
_MAX_ADAPTER = 200
_ADAPTERS = "library/openstack_idempotency/services/"


class FilesTest(SourceTestCase):
    def test_none_of_ours_replaces_one_of_upstream_s(self) -> None:
        upstream = {str(f) for f in importlib.metadata.files("nova") or ()}
        self.assertIn("nova/__init__.py", upstream)
        self.assert_nobody(upstream.intersection(trees()))

    def test_no_folder_of_upstream_s_has_an_init_of_ours(self) -> None:
        files = importlib.metadata.files("nova") or ()
        theirs = {f"{file.parent}/__init__.py" for file in files}
        self.assert_nobody(theirs.intersection(trees()))

    def test_each_begins_with_its_licence(self) -> None:
        line = "# SPDX-License-Identifier: Apache-2.0"
        self.assert_nobody(
            path
            for path in trees()
            if (ROOT / path).read_text("utf-8").partition("\n")[0]
            not in (line, "")  # a package may be an empty file
        )

    def test_none_is_longer_than_can_be_read_in_one_go(self) -> None:
        self.assert_nobody(
            path
            for path, _ in below(*_SIZED)
            if (ROOT / path).read_text("utf-8").count("\n") > _MAX_MODULE
        )

    def test_no_adapter_is_longer_than_a_developer_has_patience(self) -> None:
        self.assert_nobody(
            path
            for path, _ in below(_ADAPTERS)
            if (ROOT / path).read_text("utf-8").count("\n") > _MAX_ADAPTER
        )

    def test_no_function_is_longer_than_a_screen(self) -> None:
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        self.assert_nobody(
            f"{path}: {node.name}"
            for path, tree in below(*_SIZED)
            for node in ast.walk(tree)
            if isinstance(node, functions)
            and (node.end_lineno or 0) - node.lineno >= _MAX_FUNCTION
        )


class CasesTest(SourceTestCase):
    def test_each_case_is_a_test_of_its_own(self) -> None:
        """Below testtools, subTest does not tell which case has failed."""
        self.assert_nobody(
            path
            for path, tree in trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "subTest"
        )
