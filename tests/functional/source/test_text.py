# SPDX-License-Identifier: Apache-2.0
"""Edits of single files, and their differences as git takes them."""

from __future__ import annotations

import ast
import importlib.metadata
import pathlib
import subprocess
import typing as ty

import fixtures
import testtools

from nova.idempotency.source import order
from nova.idempotency.source import patch
from nova.idempotency.source import reference
from nova.idempotency.source import vendoring

_IMPORTS = """\
import os

from oslo_log import log

from nova.api import wsgi
import nova.conf
from nova import (
    objects)
from nova import utils

X = os, log, wsgi, nova, objects, utils
"""


class ImportTest(testtools.TestCase):
    """Imports in the order of hacking's rule H306."""

    def line_of(self, package: str, name: str) -> int:
        """Return the line at which an import is added."""
        line = f"from {package} import {name}"
        return order.added(_IMPORTS, package, name).splitlines().index(line)

    def test_before_the_first_of_the_block(self) -> None:
        self.assertEqual(4, self.line_of("nova", "acl"))

    def test_between_by_the_full_name(self) -> None:
        self.assertEqual(6, self.line_of("nova.db.x", "y"))

    def test_behind_one_of_several_lines(self) -> None:
        self.assertEqual(8, self.line_of("nova.openstack", "x"))

    def test_behind_the_last(self) -> None:
        self.assertEqual(9, self.line_of("nova.virt", "x"))

    def test_each_block_is_sorted_by_itself(self) -> None:
        text = (
            "from __future__ import annotations\n\nimport b\nfrom a import c\n"
            "\nfrom nova.z import Z\nfrom nova import y\nX = 1\n"
        )
        self.assertEqual(
            "from __future__ import annotations\n\nfrom a import c\nimport b\n"
            "\nfrom nova import y\nfrom nova.z import Z\nX = 1\n",
            order.sorted_(text),
        )


class PlaceTest(testtools.TestCase):
    """Where a name goes among others."""

    def test_between_two_in_order(self) -> None:
        self.assertEqual("d", order.following(["b", "d"], "c"))

    def test_among_those_that_are_most_like_it(self) -> None:
        names = ["", "/v", "/os-a", "/os-cl", "/os-z", "/os-b", "/p"]
        self.assertEqual("/os-cl", order.following(names, "/os-ci"))

    def test_there_may_be_none(self) -> None:
        self.assertIsNone(order.following(["a", "b"], "c"))


class ParameterTest(testtools.TestCase):
    """Each is put among those of its kind."""

    def test_before_what_is_said_of_the_next_kind(self) -> None:
        self.assertEqual(
            "# header\na:\n  in: header\nb:\n  in: header\n"
            "c:\n  in: header\n# query\nb:\n  in: query\n\n"
            "  more\nz:\n  in: query\n",
            reference.with_parameters(
                "# header\na:\n  in: header\nc:\n  in: header\n"
                "# query\nz:\n  in: query\n",
                "# ours\nb:\n  in: header\nb:\n  in: query\n\n  more\n",
            ),
        )


class NameTest(testtools.TestCase):
    """The library's name in Nova's tree."""

    def test_modules_are_renamed(self) -> None:
        self.assertEqual(
            "from nova.openstack.common.idempotency.sql import tables\n"
            'X = "nova.openstack.common.idempotency.migrations"',
            vendoring.renamed(
                "from openstack_idempotency.sql import tables\n"
                'X = "openstack_idempotency.migrations"'
            ),
        )

    def test_what_others_know_it_by_is_not(self) -> None:
        text = 'GROUP = "openstack_idempotency.service"'
        self.assertEqual(text, vendoring.renamed(text))


class CarriedTest(testtools.TestCase):
    """Nova's tree has all of our modules that those in it import."""

    def test_what_they_import_is_carried_too(self) -> None:
        carried = vendoring.files()
        ours = {
            str(path)
            for path in importlib.metadata.files("nova-idempotency") or ()
        }
        wanted = {
            f"{name.replace('.', '/')}.py"
            for path, text in carried.items()
            if path.endswith(".py")
            for name in _imported(text)
        }
        self.assertEqual(set(), wanted & ours - carried.keys())


def _imported(text: str) -> ty.Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


class DifferenceTest(testtools.TestCase):
    """git makes of it what was meant."""

    def applied(self, before: str | None, after: str) -> bytes:
        """Apply the difference; return the file's content."""
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        if before is not None:
            (root / "file").write_bytes(before.encode())
        change = patch.Change("file", before, after)
        text = patch.text("What it is for.\n", [change])
        for command in (("git", "init", "--quiet"), ("git", "apply", "-")):
            subprocess.run(
                command, cwd=root, input=text.encode(), check=True
            )
        return (root / "file").read_bytes()

    def check(self, before: str | None, after: str) -> None:
        """Assert that a file is what it should be."""
        self.assertEqual(after.encode(), self.applied(before, after))

    def test_a_new_file(self) -> None:
        self.check(None, "a\nb\n")

    def test_a_new_file_with_nothing(self) -> None:
        self.check(None, "")

    def test_a_changed_line(self) -> None:
        self.check("a\nb\nc\n", "a\nB\nc\n")

    def test_no_end_of_the_last_line(self) -> None:
        self.check("a\nb", "a\nb\nc")

    def test_an_end_where_there_was_none(self) -> None:
        self.check("a\nb", "a\nb\n")

    def test_other_ends_of_lines(self) -> None:
        self.check("a\r\nb\x0cc\u2028d\n", "a\r\nb\x0cC\u2028d\n")

    def test_what_stays_as_it_is_is_left_out(self) -> None:
        same = patch.Change("file", "a\n", "a\n")
        self.assertNotIn("diff", patch.text("Nothing.", [same]))
