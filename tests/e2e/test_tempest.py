# SPDX-License-Identifier: Apache-2.0
"""Our Tempest plugin, as an operator runs it on a cloud."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import unittest

from embedded import config
from embedded import environment
from embedded import openrc
from testing.cloud import Cloud

ROOT = Path(__file__).parents[2]
PLUGIN = "nova_idempotency_tempest_plugin"
SECONDS = 600


class TempestTest(unittest.TestCase):
    """Everything that Tempest finds by the entry point passes."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="e2e-tempest-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)
        self.environment = environment.inherited() | {
            "HOME": str(self.folder),
            "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.install()),
            "PYTHONWARNINGS": "ignore",
            "no_proxy": "*",
        }

    def run_(self, *command: str | Path) -> str:
        """Run a command, and return all that it prints."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=SECONDS,
        )  # fmt: skip
        self.assertEqual(0, done.returncode, done.stdout)
        return done.stdout

    def install(self) -> Path:
        """Install the plugin into a folder of its own, and return it."""
        # From a copy: a build writes beside its source.
        source, home = self.folder / "source", self.folder / "plugins"
        shutil.copytree(ROOT / "tempest_plugin", source)
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
             "--no-build-isolation", "--target", home, source],
            check=True, timeout=SECONDS,
        )  # fmt: skip
        return home

    def configure(self, file: Path) -> None:
        """Write what Tempest has to know of the cloud."""
        site = self.cloud.site
        user, project = openrc.ADMIN
        server = self.cloud.server("asked")["server"]
        sections: config.Sections = {
            "auth": {
                "admin_username": user,
                "admin_password": site.secrets.passwords[user],
                "admin_project_name": project,
                "admin_domain_name": "Default",
                "create_isolated_networks": False,
            },
            "client_tokens": {"required": True},
            "compute": {
                "image_ref": server["imageRef"],
                "flavor_ref": server["flavorRef"],
                "build_interval": 1,
            },
            "identity": {
                "uri_v3": f"{site.url('keystone')}/v3",
                "auth_version": "v3",
                "region": config.REGION,
            },
            "service_available": {
                "cinder": True, "glance": True, "neutron": True,
                "nova": True, "swift": False,
            },
        }  # fmt: skip
        written = configparser.RawConfigParser()
        written.read(file)
        for name, options in sections.items():
            if not written.has_section(name):
                written.add_section(name)
            for option, value in options.items():
                written.set(name, option, str(value))
        with file.open("w") as stream:
            written.write(stream)

    def test_all_pass_and_none_is_skipped(self) -> None:
        workspace = self.folder / "workspace"
        self.run_("tempest", "init", workspace)
        self.configure(workspace / "etc" / "tempest.conf")
        told = self.run_(
            "tempest", "run", "--workspace-path",
            self.folder / ".tempest" / "workspace.yaml",
            "--workspace", "workspace", "--serial", "--regex", f"^{PLUGIN}",
        )  # fmt: skip
        self.assertRegex(told, r" - Passed: 1[0-9]\n")
        self.assertRegex(told, r" - Skipped: 0\n")
        # The lists are the cloud's again.
        self.assertEqual([], self.cloud.ids(".*"))
