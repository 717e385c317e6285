# SPDX-License-Identifier: Apache-2.0
"""What .ci/install does with a list of packages, and a stand-in for apt."""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile
import unittest

_CI = pathlib.Path(__file__).parents[2] / ".ci"
# Notes what it is asked for, and makes what it was told to bring.
_APT = """#!/bin/sh
echo "$@" >> {folder}/asked
[ "$2" = install ] || exit 0
for tool in {brings}; do ln -s /bin/true "{folder}/$tool"; done
"""


class InstallTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def install(
        self, lines: str, brings: str = ""
    ) -> subprocess.CompletedProcess[str]:
        listed = self.folder / "packages"
        listed.write_text(f"# packages\n{lines}")
        apt = self.folder / "apt-get"
        apt.write_text(_APT.format(folder=self.folder, brings=brings))
        apt.chmod(0o755)
        path = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(
            [_CI / "install", listed], env={"PATH": path},
            capture_output=True, text=True, check=False,
        )

    def asked(self) -> list[str]:
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def test_nothing_is_asked_for_where_all_is_there(self) -> None:
        done = self.install("some-shell sh gate\n")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual([], self.asked())

    def test_what_is_missing_is_installed_and_nothing_else(self) -> None:
        done = self.install(
            "some-shell sh gate\nodd odd-tool gate\neven even-tool gate\n",
            brings="odd-tool even-tool",
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual(
            ["-qq update", "-qq install --yes odd even"], self.asked()
        )

    def test_a_folder_may_stand_for_a_command(self) -> None:
        there, gone = self.folder, self.folder / "gone"
        done = self.install(f"some {there} gate\nodd {gone} gate\n")
        self.assertEqual(1, done.returncode)
        self.assertEqual(
            ["-qq update", "-qq install --yes odd"], self.asked()
        )
        self.assertIn(f"gate needs {gone}: install odd", done.stderr)

    def test_what_the_gate_lacks_is_named(self) -> None:
        done = self.install("odd odd-tool gate\n")
        self.assertEqual(1, done.returncode)
        self.assertIn("gate needs odd-tool: install odd", done.stderr)

    def test_what_the_gate_does_not_run_does_not_fail_it(self) -> None:
        done = self.install("odd odd-tool model\n")
        self.assertEqual(0, done.returncode)
        self.assertIn("model needs odd-tool: install odd", done.stderr)

    def test_the_real_list_has_three_words_a_line(self) -> None:
        lines = (_CI / "packages").read_text().splitlines()
        told = [line.split() for line in lines if not line.startswith("#")]
        self.assertTrue(told)
        for words in told:
            self.assertEqual(3, len(words), words)
