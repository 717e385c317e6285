# SPDX-License-Identifier: Apache-2.0
"""The worked example of docs/adding-a-service.md runs, as it stands there."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import fixtures
import sqlalchemy as sa
import testtools

import openstack_idempotency
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.sql.tables import TOKENS

_DOCS = pathlib.Path(__file__).parents[3] / "docs"
_ENTRY_POINTS = "[openstack_idempotency.service]\n"
# Each line of its arguments is the token and the name of a room.
_CALLS = """
import importlib
import json
import sys

from oslo_config import cfg
from oslo_db import options
import webob

from museum import api
from openstack_idempotency import opts
from openstack_idempotency.engine import points
from openstack_idempotency.sql import migration

conf, url, point, *calls = cfg.CONF, *sys.argv[1:]
options.set_defaults(conf, connection=url)
opts.register_opts(conf)
conf([], project="museum", default_config_files=[])
conf.set_override("secret", ["0123456789abcdef" * 2], "idempotency")
conf.set_override("lease", 6, "idempotency")
api.database.configure(connection=url)
engine = api.database.writer.get_engine()
migration.db_sync(engine)
api.Base.metadata.create_all(engine)

def die(reached):
    if reached.value == point:
        import os
        os._exit(9)

points.arm(die)
told = []
for call in calls:
    token, _, name = call.partition(" ")
    req = webob.Request.blank(
        "/rooms", method="POST", json_body={"name": name})
    if token:
        req.headers["X-Client-Token"] = token
    req.environ["museum.context"] = api.Context(
        user_id="u", project_id="p", roles=["member"])
    try:
        answer = api.Rooms().create(req)
    except Exception as exc:
        told.append(type(exc).__name__)
        continue
    state = answer.headers.get("X-Client-Token-State")
    told.append([answer.status_int, state, answer.json])
print(json.dumps(told))
"""


class ExampleTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        page = (_DOCS / "adding-a-service.md").read_text()
        _, found, text = page.partition("## With the decorator")
        self.assertTrue(found)
        self.module, found_by = re.findall(
            r"```python\n(.*?)```", text, re.DOTALL
        )
        (described,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
        package = self.root / "museum"
        package.mkdir()
        (package / "__init__.py").write_text(found_by)
        (package / "api.py").write_text(self.module)
        # As an installed distribution says it.
        info = self.root / "museum-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Name: museum\nVersion: 1.0\n")
        header, _, points = described.partition("\n")
        self.assertIn("openstack_idempotency.service", header)
        (info / "entry_points.txt").write_text(
            _ENTRY_POINTS + points.replace('"', "")
        )

    def _run(self, *calls: str, point: str = "") -> tuple[int, str]:
        url = f"sqlite:///{self.root}/museum.sqlite"
        done = subprocess.run(
            [sys.executable, "-c", _CALLS, url, point, *calls],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": self._path()},
        )
        self.addDetail("stderr", testtools.content.text_content(done.stderr))
        return done.returncode, done.stdout

    def _path(self) -> str:
        given = os.environ.get("PYTHONPATH", "")
        return os.pathsep.join(filter(None, (str(self.root), given)))

    def test_it_is_short(self) -> None:
        lines = [line for line in self.module.splitlines() if line.strip()]
        self.assertLessEqual(len(lines), 42)
        self.assertLess(max(map(len, lines)), 80)

    def test_a_retry_gets_the_first_answer(self) -> None:
        status, printed = self._run("t Monet", "t Monet", "t Manet", " Degas")
        self.assertEqual(0, status)
        first, again, other, without = json.loads(printed)
        self.assertEqual([201, "executed", {"name": "Monet"}], first)
        self.assertEqual([201, "replayed", {"name": "Monet"}], again)
        self.assertEqual([422, "different"], other[:2])
        self.assertIn("message", other[2]["error"])
        self.assertEqual([201, None, {"name": "Degas"}], without)

    def test_an_error_of_the_service_comes_through(self) -> None:
        status, printed = self._run("t Monet", "u Monet", "v Manet")
        self.assertEqual(0, status)
        told = json.loads(printed)
        self.assertEqual("DBDuplicateEntry", told[1])
        self.assertEqual([201, "executed"], told[2][:2])

    def test_a_worker_that_dies_has_made_the_room_once(self) -> None:
        status, _ = self._run("t Monet", point="after-commit")
        self.assertEqual(9, status)
        self._end_leases()
        _, printed = self._run("t Monet", "u Monet")
        told, another = json.loads(printed)
        self.assertEqual([201, "rebuilt", {"name": "Monet"}], told)
        # It is there, and once.
        self.assertEqual("DBDuplicateEntry", another)

    def _end_leases(self) -> None:
        url = f"sqlite:///{self.root}/museum.sqlite"
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.update(TOKENS).values(lease_until=0))
        engine.dispose()


class AdapterTest(testtools.TestCase):
    """The adapter of the page; `make manila` runs it."""

    def setUp(self) -> None:
        super().setUp()
        page = (_DOCS / "adding-a-service.md").read_text()
        _, _, text = page.partition("## With the filter")
        (self.module, *_) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)

    def test_it_is_short(self) -> None:
        lines = [line for line in self.module.splitlines() if line.strip()]
        self.assertLessEqual(len(lines), 80)
        self.assertLess(max(map(len, lines)), 80)

    def test_what_it_imports_of_ours_is_there(self) -> None:
        names = [
            (node.module, alias.name)
            for node in ast.walk(ast.parse(self.module))
            if isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("openstack_idempotency")
            for alias in node.names
        ]
        self.assertGreater(len(names), 3)
        for module, name in names:
            found = importlib.import_module(str(module))
            self.assertTrue(hasattr(found, name), f"{module}.{name}")

    def test_its_adapter_has_no_other_parameters(self) -> None:
        (call,) = (
            node
            for node in ast.walk(ast.parse(self.module))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Adapter"
        )
        given = {keyword.arg for keyword in call.keywords}
        known = {each.name: each for each in dataclasses.fields(Adapter)}
        self.assertLessEqual(given, set(known))
        needed = {
            name
            for name, each in known.items()
            if each.default is dataclasses.MISSING
            and each.default_factory is dataclasses.MISSING
        }
        self.assertLessEqual(needed, given)

    def test_the_page_says_what_each_parameter_is(self) -> None:
        page = (_DOCS / "adding-a-service.md").read_text()
        rows = set(re.findall(r"`(\w+)`", "".join(
            row.split("|")[1] for row in page.splitlines()
            if row.startswith("| `")
        )))  # fmt: skip
        for each in dataclasses.fields(Adapter):
            if each.name != "name":
                self.assertIn(each.name, rows)


class PagesTest(testtools.TestCase):
    def test_they_name_what_is_public(self) -> None:
        text = (_DOCS / "rely-on.md").read_text()
        for name in openstack_idempotency.__all__:
            self.assertIn(f"`{name}`", text)

    def test_each_name_that_they_mention_is_there(self) -> None:
        text = textwrap.dedent((_DOCS / "rely-on.md").read_text())
        mentioned = re.findall(r"`(\w+\.\w+)\.(\w+)\(\)`", text)
        self.assertGreater(len(mentioned), 4)
        for module, name in mentioned:
            place = f"openstack_idempotency.{module}"
            found = getattr(importlib.import_module(place), name)
            self.assertTrue(callable(found), name)
