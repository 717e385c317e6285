# SPDX-License-Identifier: Apache-2.0
"""How the versions of the distributions may differ (docs/rely-on.md)."""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys
import tomllib
import typing as ty

import ddt
import fixtures
from oslo_config import cfg
from packaging import requirements
import testtools

from openstack_idempotency import assembly
from openstack_idempotency import opts
from openstack_idempotency import versions

ROOT = pathlib.Path(__file__).parents[3]


def _project(folder: str) -> dict[str, ty.Any]:
    text = (ROOT / folder / "pyproject.toml").read_text("utf-8")
    project: dict[str, ty.Any] = tomllib.loads(text)["project"]
    return project


@ddt.ddt
class CheckTest(testtools.TestCase):
    def _install(self, **distributions: str) -> None:
        """Put distributions in front of those that are installed."""
        site = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name, version in distributions.items():
            info = site / f"{name}-{version}.dist-info"
            info.mkdir()
            said = f"Name: {name.replace('_', '-')}\nVersion: {version}\n"
            (info / "METADATA").write_text(said)
        path = [str(site), *sys.path]
        self.useFixture(fixtures.MonkeyPatch("sys.path", path))

    @ddt.data("1.4.0", "1.4.7", "1.4.0.dev3", "1.4")
    def test_the_last_number_may_differ(self, version: str) -> None:
        self._install(openstack_idempotency="1.4.2", a_service=version)
        versions.check("a-service")

    @ddt.data("1.3.2", "1.5.0", "2.4.2", "1.40.2")
    def test_the_others_may_not(self, version: str) -> None:
        self._install(openstack_idempotency="1.4.2", a_service=version)
        error = self.assertRaises(versions.Differ, versions.check, "a-service")
        self.assertIn(f"a-service {version}", str(error))
        self.assertIn("openstack-idempotency 1.4.2", str(error))

    def test_what_is_carried_in_source_is_not_checked(self) -> None:
        versions.check("a-service-that-is-not-installed")

    def test_the_api_does_not_start(self) -> None:
        self._install(openstack_idempotency="1.4.2", a_service="1.5.0")
        place = assembly.Place(
            database=None,
            options="database",
            host="h",
            sync_command="s",
            turn_off="t",
            distribution="a-service",
        )
        error = self.assertRaises(
            opts.Misconfigured, assembly.build, cfg.ConfigOpts(), place
        )
        self.assertIn("a-service 1.5.0", str(error))


class OursTest(testtools.TestCase):
    def test_those_that_are_installed_fit(self) -> None:
        importlib.metadata.version("nova-idempotency")  # it is installed
        versions.check("nova-idempotency")

    def test_the_requirement_says_the_same(self) -> None:
        library, ours = _project("library"), _project(".")
        self.assertEqual(library["version"], ours["version"])
        (asked,) = (
            requirement
            for requirement in map(
                requirements.Requirement, ours["dependencies"]
            )
            if requirement.name == versions.LIBRARY
        )
        major, minor = map(int, library["version"].split(".")[:2])
        for version, fits in (
            (f"{major}.{minor}", True),
            (f"{major}.{minor}.99", True),
            (f"{major}.{minor + 1}", False),
            (f"{major + 1}.0", False),
        ):
            self.assertEqual(fits, version in asked.specifier, version)
