# SPDX-License-Identifier: Apache-2.0
"""Some tests of a service once more, with its tables on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as ty

import testtools

from testing import databases
from tests.services import world


class OnServers(testtools.TestCase):
    """Runs tests in a process of their own, whose service has a server.

    :cvar tests: their names, below the package that they are in
    """

    tests: ty.ClassVar[tuple[str, ...]]

    def check(self, backend: str) -> None:
        missing = databases.missing(backend)
        if missing:
            self.skipTest(missing)
        package = type(self).__module__.rpartition(".")[0]
        done = subprocess.run(
            [sys.executable, "-m", "testtools.run",
             *(f"{package}.{name}" for name in self.tests)],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, world.BACKEND: backend},
        )  # fmt: skip
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn(f"Ran {len(self.tests)} tests in", done.stdout)

    def test_on_mariadb(self):
        self.check("mysql")

    def test_on_postgresql(self):
        self.check("postgresql")
