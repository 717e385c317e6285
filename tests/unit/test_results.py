# SPDX-License-Identifier: Apache-2.0
"""What is read from runs of stestr, on runs of a few tests of its own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

from testing import results

_ROOT = pathlib.Path(__file__).parents[2]
_TESTS = """
import os, unittest

class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if "SERVER" not in os.environ:
            raise unittest.SkipTest("no server answers")

    def test_it(self):
        self.assertEqual("up", os.environ["SERVER"])

class Tool(unittest.TestCase):
    @unittest.skip("no tool is installed")
    def test_it(self):
        pass
"""


class ResultsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        suite = self.folder / "tests" / "odd"
        suite.mkdir(parents=True)
        for package in (suite.parent, suite):
            (package / "__init__.py").touch()
        (suite / "test_odd.py").write_text(textwrap.dedent(_TESTS))

    def run_tests(self, **variables: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "stestr", "run", "--serial",
             "--test-path", "tests/odd", "--top-dir", "."],
            cwd=self.folder, env={**os.environ, **variables},
            capture_output=True, check=False,
        )

    def left_out(self) -> str:
        return subprocess.run(
            [sys.executable, "-m", "testing.left_out"],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(_ROOT)},
            capture_output=True, check=True, text=True,
        ).stdout

    def test_no_run_leaves_nothing_out(self) -> None:
        self.assertEqual({}, results.read(self.folder))
        self.assertEqual("", self.left_out())

    def test_suites_that_were_left_out_are_told_with_the_reason(self) -> None:
        self.run_tests()
        self.assertEqual(
            "Left out, in part: odd (no server answers).\n"
            "Left out, in part: odd (no tool is installed).\n",
            self.left_out(),
        )

    def test_only_the_last_run_of_a_suite_counts(self) -> None:
        self.run_tests()
        self.run_tests(SERVER="up")
        self.assertEqual(
            {"no tool is installed": {"odd"}}, results.skipped(self.folder)
        )

    def test_what_fails_is_told_with_its_traceback(self) -> None:
        self.run_tests(SERVER="down")
        found = results.read(self.folder)
        (failed,) = results.failed(found)
        self.assertEqual("tests.odd.test_odd.Server.test_it", failed)
        self.assertIn("'up' != 'down'", results.reasons(self.folder)[failed])
