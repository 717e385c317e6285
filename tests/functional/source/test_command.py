# SPDX-License-Identifier: Apache-2.0
"""nova-idempotency source-patch, on small trees."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import typing as ty

import testtools
import yaml

from nova.idempotency.source import carried
from nova.idempotency.source import lookup
from nova.idempotency.source import module
from nova.idempotency.source import reference
from nova.idempotency.source import registration
from nova.idempotency.source import routes
from nova.idempotency.source import tree
from nova.idempotency.source import vendoring
from nova.idempotency.source import writing
from tests.functional.source import trees

_COMMAND = os.path.join(os.path.dirname(sys.executable), "nova-idempotency")
_KEYPAIRS = "nova/api/openstack/compute/keypairs.py"


@functools.cache
def _distributions() -> ty.Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


class _TestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tree = self.useFixture(trees.SmallTree())


class PatchTest(_TestCase):
    """What the patch makes of a tree."""

    def patched(self, *, vendored: bool = False) -> dict[str, bytes]:
        """Write the patch and apply it; return the tree's files."""
        before = self.tree.contents()
        writing.write(self.tree.root, self.tree.output, vendored=vendored)
        # The tree is only read, and there is nothing but the patch.
        self.assertEqual(before, self.tree.contents())
        self.assertEqual(
            [self.tree.output], list(self.tree.output.parent.iterdir())
        )
        self.tree.apply(self.tree.output)
        return self.tree.contents()

    def test_each_method_of_the_table_and_no_other(self) -> None:
        expected = set(
            carried.Carried(
                tree.Tree(self.tree.root), vendored=False
            ).places
        )
        self.patched()
        found = set()
        for path in sorted(self.tree.root.rglob("compute/*.py")):
            where = str(path.relative_to(self.tree.root))
            parsed = module.Module(tree.Tree(self.tree.root), where)
            for name, class_ in parsed.classes().items():
                for method in module.methods(class_):
                    if self.is_on_top(method):
                        found.add(routes.Place(where, name, method.name))
        self.assertEqual(expected, found)
        self.assertLess(50, len(found))

    def is_on_top(self, method: ast.FunctionDef) -> bool:
        names = [
            module.called(each) or ast.unparse(each)
            for each in method.decorator_list
        ]
        if "idempotent" not in names:
            return False
        above = names[: names.index("idempotent")]
        # Nova's rule N332.
        self.assertTrue({"api_version"}.issuperset(above), method.name)
        return True

    def test_what_nova_has_to_know(self) -> None:
        files = {k: v.decode() for k, v in self.patched().items()}
        self.assertIn(
            "\nidempotency.register_opts(CONF)\n", files[registration.CONF]
        )
        self.assertIn(carried.REQUIREMENT, files["requirements.txt"])
        self.assertIn("'Idempotency-Key'", files[registration.MIDDLEWARE])
        self.assertIn(carried.NOTE, files)
        self.assertIn(carried.TESTS, files)
        self.assertNotIn("nova-idempotency", files["pyproject.toml"])
        self.assertNotIn("nova/conf/idempotency.py", files)

    def test_the_reference_of_what_takes_the_header(self) -> None:
        text = self.patched()["api-ref/source/a.inc"].decode()
        header = "  - X-Client-Token: x-client-token_req\n"
        self.assertEqual(2, text.count(header))
        self.assertIn(f"{header}  - server_id: server_id_path\n\nResp", text)
        self.assertIn(f"{header}  - keypair: keypair\n", text)

    def test_the_reference_of_the_look_up(self) -> None:
        files = {k: v.decode() for k, v in self.patched().items()}
        self.assertIn(
            ".. include:: os-availability-zone.inc\n"
            ".. include:: os-client-tokens.inc\n",
            files[reference.INDEX],
        )
        page = files[reference.LOOKUP]
        parameters = yaml.safe_load(files[reference.PARAMETERS])
        for table in re.split(r"\.\. rest_parameters:: ", page)[1:]:
            self.assertEqual("parameters.yaml", table.split()[0])
            for name in re.findall(r"^  - \S+: (\S+)$", table, re.M):
                self.assertIn(name, parameters)
        (sample,) = re.findall(r"literalinclude:: ../../(\S+)", page)
        self.assertIn("retry_safe", json.loads(files[sample]))

    def test_vendored_it_needs_nothing_of_ours(self) -> None:
        files = {k: v.decode() for k, v in self.patched(vendored=True).items()}
        self.assertNotIn("nova-idempotency", files["requirements.txt"])
        for line in carried.CARRIED_REQUIREMENTS:
            self.assertIn(f"{line}\n", files["requirements.txt"])
        (service,) = (
            each
            for each in importlib.metadata.entry_points(name="nova")
            if each.value.startswith("nova.idempotency.")
        )
        project = files["pyproject.toml"]
        entry = f'."{service.group}"]\nnova = "{service.value}"\n'
        self.assertIn(entry, project)
        self.assertIn('nova-idempotency = "', project)
        for path in vendoring.files():
            if path.endswith(".py"):
                self.check_imports(path, files)

    def check_imports(self, path: str, files: ty.Mapping[str, str]) -> None:
        """Assert that a module's imports are in the tree, or Nova's own."""
        required = {
            re.split(r"[^\w.-]", line)[0].replace("-", "_").lower()
            for line in (
                *(importlib.metadata.requires("nova") or ()),
                *carried.CARRIED_REQUIREMENTS,
            )
        }
        known = _distributions()
        for statement in ast.walk(ast.parse(files[path])):
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            for _, full in module.names(statement):
                top = full.partition(".")[0]
                self.assertNotEqual(vendoring.LIBRARY, top, path)
                names = {
                    name.replace("-", "_").lower()
                    for name in known.get(top, ())
                }
                self.assertTrue(
                    top in sys.stdlib_module_names
                    or top == "nova"
                    or names & required,
                    f"{path} imports {full}",
                )


class RefusalTest(_TestCase):
    """What cannot be patched is said, and nothing is written."""

    def refused(self, small: trees.SmallTree, *says: str) -> None:
        """Assert that the command fails, and leaves what was there."""
        small.output.write_text("an earlier patch")
        error = self.assertRaises(
            tree.Unfit, writing.write, small.root, small.output, vendored=False
        )
        for words in says:
            self.assertIn(words, str(error))
        self.assertEqual("an earlier patch", small.output.read_text())
        self.assertEqual([small.output], list(small.output.parent.iterdir()))

    def test_no_tree_of_nova(self) -> None:
        (self.tree.root / tree.ROUTES).unlink()
        self.refused(self.tree, "is not a source tree of Nova", tree.ROUTES)

    def test_an_older_release(self) -> None:
        small = self.useFixture(trees.SmallTree("30.1.0"))
        self.refused(small, "Nova 30.1.0", "31 to 34")

    def test_a_newer_release(self) -> None:
        small = self.useFixture(trees.SmallTree("35.0.0"))
        self.refused(small, "Nova 35.0.0", "31 to 34")

    def test_an_unknown_release(self) -> None:
        (self.tree.root / "PKG-INFO").unlink()
        self.refused(self.tree, "git fetch --tags")

    def test_an_operation_without_a_method(self) -> None:
        self.tree.change(tree.ROUTES, "'/os-keypairs'", "'/os-keys'")
        self.refused(self.tree, "POST /os-keypairs is in the table")

    def test_a_method_that_is_missing(self) -> None:
        self.tree.change(_KEYPAIRS, "def create(", "def make(")
        self.refused(self.tree, "KeypairController.create", _KEYPAIRS)

    def test_a_method_that_is_decorated(self) -> None:
        self.tree.change(
            _KEYPAIRS, "    def create(", "    @idempotent\n    def create("
        )
        self.refused(self.tree, f"{_KEYPAIRS}: KeypairController.create is")

    def test_rules_that_are_listed_elsewhere(self) -> None:
        self.tree.change(lookup.POLICIES, ".list_rules()", ".rules()")
        self.refused(self.tree, lookup.POLICIES, "'client_tokens'")

    def test_rules_that_are_tested_elsewhere(self) -> None:
        self.tree.change(lookup.POLICY_TESTS, "admin_only_rules", "rules")
        self.refused(self.tree, lookup.POLICY_TESTS, "admin_only_rules")

    def test_a_reference_without_the_section(self) -> None:
        self.tree.write(reference.INDEX, ".. include:: request-ids.inc\n")
        self.refused(self.tree, reference.INDEX, "os-availability-zone.inc")

    def test_a_reference_without_parameters_in_queries(self) -> None:
        self.tree.change(reference.PARAMETERS, "in: query", "in: path")
        self.refused(self.tree, reference.PARAMETERS, "client_token_")

    def test_a_module_with_a_conflict(self) -> None:
        self.tree.change(_KEYPAIRS, "    def create(", "<<<<<<< ours\n")
        self.refused(self.tree, "is not Python", "without conflicts")

    def test_a_patched_tree(self) -> None:
        writing.write(self.tree.root, self.tree.output, vendored=True)
        self.tree.apply(self.tree.output)
        self.refused(self.tree, "is decorated with @idempotent already")


class ProcessTest(_TestCase):
    """The command, as a process of its own."""

    def run_with(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Run the command on the tree."""
        return subprocess.run(
            [
                *(_COMMAND, "source-patch", "--nova", str(self.tree.root)),
                *("--output", str(self.tree.output), *more),
            ],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def test_it_says_what_it_wrote(self) -> None:
        done = self.run_with("--vendored")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"nova.patch decorates \d\d methods\.")
        self.tree.apply(self.tree.output)

    def test_it_says_why_it_did_not(self) -> None:
        (self.tree.root / tree.ROUTES).unlink()
        done = self.run_with()
        self.assertEqual(1, done.returncode)
        self.assertIn("no patch was written", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_a_place_where_nothing_can_be_written(self) -> None:
        self.tree.output.parent.rmdir()
        done = self.run_with()
        self.assertEqual(1, done.returncode)
        self.assertIn("no patch was written", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
