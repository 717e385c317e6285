# SPDX-License-Identifier: Apache-2.0
"""Our DevStack plugin, sourced as stack.sh sources it, with stand-ins.

Nova's own api-paste.ini, a database and the real command are there; what
DevStack has of functions is stood in for, or is DevStack's own where
``TEST_DEVSTACK`` names a checkout. Nothing is installed.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import unittest

from embedded import environment
from embedded import paste

ROOT = Path(__file__).parents[2]
SECRET = "0123456789+/abcdefghijklmnopqrstuvwxyz=="
SECONDS = 600
# What stack.sh has before it sources a plugin, as far as ours asks for it.
STAND_INS = """
define_plugin() { :; }
echo_summary() { echo "$@"; }
is_service_enabled() { [[ ,$ENABLED_SERVICES, == *,$1,* ]]; }
trueorfalse() { echo "${!2:-$1}"; }
iniset() {
    python - "$@" <<'END'
import configparser, sys
file, section, option, value = sys.argv[1:]
parser = configparser.RawConfigParser()
parser.optionxform = str
parser.read(file)
if not parser.has_section(section):
    parser.add_section(section)
parser.set(section, option, value)
with open(file, "w") as stream:
    parser.write(stream)
END
}
"""
RECORDED = """
setup_package() { echo "setup_package $*" >> "$CALLS"; }
pip_uninstall() { echo "pip_uninstall $*" >> "$CALLS"; }
"""


class DevstackTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="e2e-devstack-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # The plugin clears what was built in the checkout.
        self.checkout = self.folder / "nova-idempotency"
        shutil.copytree(ROOT / "devstack", self.checkout / "devstack")
        self.api_paste = self.folder / "api-paste.ini"
        self.api_paste.write_text(paste.text(paste.installed()))
        self.nova_conf = self.folder / "nova.conf"
        self.nova_conf.write_text(
            "[api_database]\n"
            f"connection = sqlite:///{self.folder}/nova_api.sqlite\n"
            f"[wsgi]\napi_paste_config = {self.api_paste}\n"
        )
        self.calls = self.folder / "calls"
        self.calls.touch()

    def source(self, *phases: str, services: str = "n-api,tempest") -> str:
        """Source the settings, and the plugin in phases; return the log."""
        devstack = os.environ.get("TEST_DEVSTACK")
        plugin = self.checkout / "devstack"
        script = [
            "set -o errexit",
            f"ENABLED_SERVICES={services}",
            STAND_INS,
            f"source {devstack}/functions" if devstack else "",
            RECORDED,
            f"source {plugin / 'settings'}",
            'echo "plugins of tempest:$TEMPEST_PLUGINS"',
            *(
                f"set -o xtrace; source {plugin / 'plugin.sh'} {phase}"
                for phase in phases
            ),
        ]
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)], check=False,
            env=environment.inherited() | self.variables(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=SECONDS,
        )  # fmt: skip
        self.assertEqual(0, done.returncode, done.stdout)
        return done.stdout

    def variables(self) -> dict[str, str]:
        """Return what DevStack has set, and local.conf."""
        programs = Path(sys.prefix) / "bin"
        return {
            "CALLS": str(self.calls),
            "NOVA_API_PASTE_INI": str(self.api_paste),
            "NOVA_BIN_DIR": str(programs),
            "NOVA_CONF": str(self.nova_conf),
            "NOVA_DIR": str(self.folder / "nova"),
            "NOVA_IDEMPOTENCY_SECRET": SECRET,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "TEMPEST_CONFIG": str(self.folder / "tempest.conf"),
            "TEMPEST_PLUGINS": "0",
            "TOP_DIR": str(self.folder),
        }

    def read(self, name: str) -> configparser.RawConfigParser:
        return paste.parsed((self.folder / name).read_text())

    def test_a_run_of_stack_turns_client_tokens_on(self) -> None:
        told = self.source(
            "stack pre-install", "stack install", "stack post-config",
            "stack extra", "stack test-config",
        )  # fmt: skip
        expected = paste.installed()
        paste.turn_on(expected)
        self.assertEqual(expected, self.read("api-paste.ini"))
        self.assertEqual(
            {"secret": SECRET, "every_host": "True"},
            dict(self.read("nova.conf")["idempotency"]),
        )
        self.assertEqual(
            [f"setup_package {one}" for one in (
                self.folder / "nova", self.checkout / "library", self.checkout
            )],
            self.calls.read_text().splitlines(),
        )  # fmt: skip
        self.assertRegex(
            told, r"Check: Client tokens turned on.*\n.*Result: Success"
        )
        self.assertIn(
            f"plugins of tempest: {self.checkout}/tempest_plugin\n", told
        )
        self.assertEqual(
            {"required": "True"},
            dict(self.read("tempest.conf")["client_tokens"]),
        )
        self.assertNotIn(SECRET, told)

    def test_clean_uninstalls_and_unstack_leaves_all_as_it_is(self) -> None:
        self.source("unstack", "clean")
        self.assertEqual(
            ["pip_uninstall nova-idempotency",
             "pip_uninstall openstack-idempotency"],
            self.calls.read_text().splitlines(),
        )  # fmt: skip

    def test_a_host_without_the_compute_api_is_left_alone(self) -> None:
        before = self.nova_conf.read_text()
        self.source(
            "stack install", "stack post-config", "stack extra", "clean",
            services="n-cpu",
        )  # fmt: skip
        self.assertEqual("", self.calls.read_text())
        self.assertEqual(before, self.nova_conf.read_text())
