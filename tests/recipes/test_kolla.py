# SPDX-License-Identifier: Apache-2.0
"""kolla renders our image, and kolla-ansible our configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import typing as ty
import unittest

from oslo_config import cfg

CONTRIB = Path(__file__).parents[2] / "contrib" / "kolla"
RENDER = Path(__file__).parent / "render.yml"
HOME = Path(sys.prefix, "share", "kolla-ansible")
PROGRAMS = Path(sys.prefix, "bin")
SECONDS = 1800
# The second one is there while they are rotated.
SECRETS = ["the-first+/" + "a" * 32, "the-second=" + "b" * 32]
SITE = {
    "ansible_become": False,
    "ansible_python_interpreter": sys.executable,
    "config_owner_group": "root",
    "config_owner_user": "root",
    "kolla_action": "config",
    "kolla_base_distro": "debian",
    "kolla_internal_vip_address": "127.0.0.1",
    # Otherwise a filter of a collection decides, which is not on PyPI.
    "kolla_same_external_internal_vip": True,
    "network_interface": "lo",
    "neutron_external_interface": "lo",
    "nova_idempotency_secrets": SECRETS,
}


def run(folder: Path, *command: str | Path) -> str:
    """Run a program of this environment, and return what it prints.

    :raises AssertionError: it fails
    """
    program, *arguments = command
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=folder, check=False,
        env=os.environ | {
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def options(file: Path) -> cfg.ConfigOpts:
    """Return a rendered nova.conf, as Nova reads it."""
    conf = cfg.ConfigOpts()
    conf.register_opts(
        [cfg.MultiStrOpt("secret"), cfg.BoolOpt("every_host")],
        group="idempotency",
    )
    conf(["--config-file", str(file)])
    return conf


class KollaAnsibleTest(unittest.TestCase):
    folder: ty.ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kolla-ansible-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.lay()
        run(
            cls.folder, "ansible-playbook", "render.yml",
            "-i", HOME / "ansible" / "inventory" / "all-in-one",
            "-e", f"@{HOME / 'etc_examples' / 'kolla' / 'globals.yml'}",
            "-e", "@passwords.yml",
            "-e", f"@{CONTRIB / 'globals.yml'}",
            "-e", f"@{CONTRIB / 'passwords.yml'}",
            "-e", json.dumps(SITE | {
                "node_config_directory": str(cls.folder / "rendered"),
                "node_custom_config": str(cls.folder / "config"),
            }),
        )  # fmt: skip

    @classmethod
    def lay(cls) -> None:
        """Lay kolla-ansible's roles beside our playbook, and our override."""
        for part in (HOME / "ansible").iterdir():
            if part.is_dir():
                (cls.folder / part.name).symlink_to(part)
        (cls.folder / "render.yml").symlink_to(RENDER)
        examples = HOME / "etc_examples" / "kolla"
        passwords = cls.folder / "passwords.yml"
        passwords.write_bytes((examples / "passwords.yml").read_bytes())
        passwords.chmod(0o600)
        run(cls.folder, "kolla-genpwd", "-p", passwords)
        (cls.folder / "rendered").mkdir()
        overrides = cls.folder / "config" / "nova"
        overrides.mkdir(parents=True)
        (overrides / "nova-api.conf").symlink_to(CONTRIB / "nova-api.conf")

    def rendered(self, service: str) -> cfg.ConfigOpts:
        return options(self.folder / "rendered" / service / "nova.conf")

    def test_the_api_has_our_options_in_their_order(self) -> None:
        found = self.rendered("nova-api").idempotency
        self.assertEqual(SECRETS, found.secret)
        self.assertIs(False, found.every_host)

    def test_the_api_has_what_kolla_says_too(self) -> None:
        text = (self.folder / "rendered/nova-api/nova.conf").read_text()
        self.assertIn("[api_database]\nconnection = mysql+pymysql://", text)

    def test_no_other_service_has_our_secret(self) -> None:
        for service in ("nova-metadata", "nova-scheduler"):
            found = self.rendered(service).idempotency
            self.assertIsNone(found.secret, service)

    def test_the_image_is_ours(self) -> None:
        self.assertEqual(
            "registry.example.org/kolla/nova-api:2026.1-client-tokens",
            (self.folder / "rendered" / "image").read_text(),
        )


class KollaTest(unittest.TestCase):
    def test_the_image_has_our_wheels_and_our_line(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kolla-")
        self.addCleanup(folder.cleanup)
        run(
            Path(folder.name), "kolla-build", "--template-only",
            "--work-dir", folder.name, "--base", "debian",
            "--config-file", CONTRIB / "kolla-build.conf",
            "--template-override", CONTRIB / "template-override.j2",
            "^nova-api$",
        )  # fmt: skip
        (file,) = Path(folder.name).rglob("nova-api/Dockerfile")
        text = file.read_text()
        self.assertIn("\nADD additions-archive /\n", text)
        self.assertRegex(
            text, r"RUN python3 -m pip .* /additions/client-tokens/\*\.whl"
        )
        self.assertRegex(
            text, r"sed -i 's/.*nova\.idempotency\.router:.*' \\\n.*api-paste"
        )
