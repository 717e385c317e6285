# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import pathlib
import typing as ty

import testtools

from openstack_idempotency import opts
from tests.functional.packaging import builds
from tests.functional.packaging import scratch

# Where the modules of our entry points, and upstream's, are found.
ENTRY_POINTS = """
import importlib.metadata
ours = importlib.metadata.distribution("nova-idempotency").entry_points
print(json.dumps({
    f"{one.group}/{one.name}": sys.modules[one.load().__module__].__file__
    for one in ours
}))
"""
WHERE = """
import importlib.util
print(json.dumps({
    name: importlib.util.find_spec(name).origin for name in sys.argv[1:]
}))
"""
SAMPLE = "from oslo_config import generator; generator.main()"
UPSTREAM = ("nova", "nova.conf", "nova.conf.opts", "nova.cmd", "nova.db.api")
SCRIPT = "nova-idempotency"


class _Installed(testtools.TestCase):
    """What holds for both ways of installing."""

    kind: ty.ClassVar[builds.Kind]
    wheel: ty.ClassVar[pathlib.Path]
    source: ty.ClassVar[pathlib.Path]
    scratch: ty.ClassVar[scratch.Scratch]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.source = builds.copy_of_checkout(cls)
        cls.wheel = builds.build(cls.kind, cls.source)
        cls.scratch = scratch.Scratch()
        cls.scratch.setUp()
        cls.addClassCleanup(cls.scratch.cleanUp)
        cls.scratch.install(cls.wheel)
        cls.scratch.borrow()

    def home(self) -> pathlib.Path:
        """Return the folder that our modules should come from."""
        raise NotImplementedError

    def options(self, namespace: str) -> set[str]:
        """Return the names of our options in the sample configuration."""
        asked = ("--namespace", namespace, "--format", "json")
        sample = json.loads(self.scratch.run("python", "-c", SAMPLE, *asked))
        options = sample["options"]["idempotency"]["opts"]
        return {option["name"] for option in options}

    def check_that_uninstalling_leaves_nothing(self) -> None:
        environment = self.useFixture(scratch.Scratch())
        before = environment.contents()
        environment.install(self.wheel)
        during = environment.contents()
        self.assertIn(f"bin/{SCRIPT}", during.keys() - before.keys())
        self.assertEqual(before, {name: during.get(name) for name in before})
        environment.pip("uninstall", "--yes", "nova-idempotency")
        self.assertEqual(before, environment.contents())

    def check_where_modules_come_from(self) -> None:
        ours = dict.fromkeys(_modules(self.source), self.home())
        upstreams = dict.fromkeys(UPSTREAM, self.scratch.site)
        expected = ours | upstreams
        origins = self.scratch.ask(WHERE, *expected)
        found = {name: _root(origins[name], name) for name in expected}
        self.assertEqual(expected, found)

    def check_that_entry_points_load(self) -> None:
        files = {
            f"console_scripts/{SCRIPT}": "cmd/idempotency.py",
            "oslo.config.opts/nova.idempotency": "conf/idempotency.py",
            "openstack_idempotency.service/nova": "idempotency/service.py",
            "nova.idempotency.command/source-patch": (
                "idempotency/source/command.py"
            ),
            "oslo.policy.policies/nova.idempotency": (
                "policies/client_tokens.py"
            ),
        }
        expected = {
            name: str(self.home() / "nova" / path)
            for name, path in files.items()
        }
        self.assertEqual(expected, self.scratch.ask(ENTRY_POINTS))
        self.assertIn("{sync,version", self.scratch.run(SCRIPT, "db", "-h"))


class InstallTest(_Installed):
    kind = "wheel"

    def home(self) -> pathlib.Path:
        return self.scratch.site

    def test_uninstalling_leaves_upstream_byte_for_byte(self) -> None:
        self.check_that_uninstalling_leaves_nothing()

    def test_modules_lie_beside_upstreams(self) -> None:
        self.check_where_modules_come_from()

    def test_entry_points_load(self) -> None:
        self.check_that_entry_points_load()

    def test_sample_configuration_of_nova_lists_our_options(self) -> None:
        names = {option.name for option in opts.idempotency_opts}
        self.assertEqual(names, self.options("nova.conf"))
        self.assertEqual(names, self.options("nova.idempotency"))


class EditableInstallTest(_Installed):
    kind = "editable"

    def home(self) -> pathlib.Path:
        return self.source

    def test_uninstalling_leaves_upstream_byte_for_byte(self) -> None:
        self.check_that_uninstalling_leaves_nothing()

    def test_modules_stay_in_the_checkout(self) -> None:
        self.check_where_modules_come_from()

    def test_entry_points_load(self) -> None:
        self.check_that_entry_points_load()

    def test_sample_configuration_lists_our_options(self) -> None:
        """With our own name only: Nova's looks into its own folder."""
        names = {option.name for option in opts.idempotency_opts}
        self.assertEqual(names, self.options("nova.idempotency"))


def _modules(source: pathlib.Path) -> list[str]:
    paths = (source / "nova").rglob("*.py")
    parts = (path.relative_to(source).with_suffix("").parts for path in paths)
    names = (".".join(part) for part in parts)
    return sorted(name.removesuffix(".__init__") for name in names)


def _root(origin: str, module: str) -> pathlib.Path:
    path = pathlib.Path(origin)
    levels = len(module.split(".")) - (path.name != "__init__.py")
    return path.parents[levels]
