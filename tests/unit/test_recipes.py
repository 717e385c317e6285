# SPDX-License-Identifier: Apache-2.0
"""What operators can take from contrib and devstack, before they do."""

from __future__ import annotations

import argparse
import configparser
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import ddt
from oslo_config import cfg
import testtools
import yaml

from embedded import paste
from openstack_idempotency import opts
from openstack_idempotency.commands import commands

ROOT = pathlib.Path(__file__).parents[2]
CONTRIB = ROOT / "contrib"
SERVICE = CONTRIB / "systemd" / "nova-idempotency-purge.service"
TIMER = CONTRIB / "systemd" / "nova-idempotency-purge.timer"
CRON_JOB = CONTRIB / "kubernetes" / "purge.yaml"
# In the gate, nothing may be skipped.
REQUIRED = "TEST_REQUIRE_DATABASES"
_SECTION = "app:osapi_compute_app_v21"
_OPTION = "paste.app_factory"


def router() -> str:
    """Return the value by which api-paste.ini turns client tokens on."""
    turned_on = paste.installed()
    paste.turn_on(turned_on)
    return turned_on.get(_SECTION, _OPTION)


def upstream() -> str:
    """Return the value that upstream has there."""
    return paste.installed().get(_SECTION, _OPTION)


def tool(test: testtools.TestCase, name: str) -> str:
    """Return a program of Debian's; without it, the test is skipped."""
    if shutil.which(name) is None and not os.environ.get(REQUIRED):
        test.skipTest(f"{name} is not installed")
    return name


def folder_of(test: testtools.TestCase) -> pathlib.Path:
    """Return an empty folder, which goes with the test."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return pathlib.Path(folder.name)


class UnitsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.unit = configparser.RawConfigParser()
        self.unit.read(SERVICE)
        self.command = self.unit.get("Service", "ExecStart")

    def test_the_command_is_one_of_ours(self) -> None:
        program, *arguments = shlex.split(self.command)
        self.assertEqual("nova-idempotency", pathlib.Path(program).name)
        parser = argparse.ArgumentParser()
        commands.add(parser.add_subparsers())
        self.assertTrue(parser.parse_args(arguments).until_complete)

    def test_what_was_deleted_is_no_failure(self) -> None:
        self.assertEqual("1", self.unit.get("Service", "SuccessExitStatus"))

    def test_systemd_takes_them(self) -> None:
        verify = tool(self, "systemd-analyze")
        folder = folder_of(self)
        program = shlex.split(self.command)[0]
        for file in (SERVICE, TIMER):
            text = file.read_text("utf-8").replace(program, sys.executable)
            (folder / file.name).write_text(text, "utf-8")
        done = subprocess.run(
            [verify, "verify", "--man=no", *folder.iterdir()],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual((0, ""), (done.returncode, done.stderr))


@ddt.ddt
class CronJobTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        job = yaml.safe_load(CRON_JOB.read_text("utf-8"))["spec"]
        pod = job["jobTemplate"]["spec"]["template"]["spec"]
        (self.container,) = pod["containers"]
        self.pod, self.job = pod, job

    @ddt.data((0, 0), (1, 0), (2, 1), (3, 1))
    @ddt.unpack
    def test_what_was_deleted_is_no_failure(
        self, purged: int, expected: int
    ) -> None:
        folder = folder_of(self)
        program = folder / "nova-idempotency"
        program.write_text(
            f'#!/bin/sh\necho "$@" > {folder}/asked\nexit {purged}\n'
        )
        program.chmod(0o755)
        done = subprocess.run(
            self.container["command"], check=False,
            env={"PATH": f"{folder}:{os.environ['PATH']}"},
        )  # fmt: skip
        self.assertEqual(expected, done.returncode)
        asked = (folder / "asked").read_text().split()
        unit = configparser.RawConfigParser()
        unit.read(SERVICE)
        self.assertEqual(
            shlex.split(unit.get("Service", "ExecStart"))[1:], asked
        )

    def test_what_is_mounted_is_there(self) -> None:
        self.assertEqual(
            {mount["name"] for mount in self.container["volumeMounts"]},
            {volume["name"] for volume in self.pod["volumes"]},
        )

    def test_no_two_run_at_once(self) -> None:
        self.assertEqual("Forbid", self.job["concurrencyPolicy"])


class PasteTest(testtools.TestCase):
    """Each recipe has the line of api-paste.ini by which we are loaded."""

    def loaded(self, *path: str) -> dict:
        text = CONTRIB.joinpath(*path).read_text("utf-8")
        loaded: dict = yaml.safe_load(text)
        return loaded

    def test_openstack_ansible(self) -> None:
        recipe = self.loaded("openstack-ansible", "nova_api_os_compute.yml")
        self.assertEqual(
            {_SECTION: {_OPTION: router()}},
            recipe["nova_api_paste_ini_overrides"],
        )

    def test_openstack_helm(self) -> None:
        recipe = self.loaded("openstack-helm", "values.yaml")
        self.assertEqual(
            {_SECTION: {_OPTION: router()}}, recipe["conf"]["paste"]
        )

    def test_kolla_changes_that_line_and_no_other(self) -> None:
        recipe = (CONTRIB / "kolla" / "template-override.j2").read_text()
        before, after = (
            value.removesuffix(".factory") for value in (upstream(), router())
        )
        self.assertIn(f"'s/{before}/{after}/'", recipe)
        self.assertEqual(1, paste.text(paste.installed()).count(before))

    def test_devstack(self) -> None:
        recipe = (ROOT / "devstack" / "plugin.sh").read_text("utf-8")
        self.assertRegex(
            recipe, rf"{_SECTION} {_OPTION} \\\n +{router()}\n"
        )


class SecretTest(testtools.TestCase):
    """No recipe has a secret that somebody might take as it is."""

    def test_kolla_has_a_placeholder_that_is_refused(self) -> None:
        text = (CONTRIB / "kolla" / "passwords.yml").read_text("utf-8")
        conf = cfg.ConfigOpts()
        conf([])
        opts.register_opts(conf)
        secrets = yaml.safe_load(text)["nova_idempotency_secrets"]
        conf.set_override("secret", secrets, "idempotency")
        refused = self.assertRaises(opts.Misconfigured, opts.check, conf, "")
        self.assertIn("fewer than", str(refused))

    def test_none_looks_real(self) -> None:
        # As `openssl rand -base64 32` prints it, or -hex.
        real = re.compile(r"[A-Za-z0-9+/]{43}=|\b[0-9a-f]{32,}\b")
        files = [path for path in CONTRIB.rglob("*") if path.is_file()]
        self.assertEqual(
            [], [path for path in files if real.search(path.read_text())]
        )


class ShellTest(testtools.TestCase):
    def test_shellcheck_finds_nothing(self) -> None:
        done = subprocess.run(
            [tool(self, "shellcheck"), "--external-sources",
             ROOT / "devstack" / "settings", ROOT / "devstack" / "plugin.sh"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual((0, ""), (done.returncode, done.stdout))
