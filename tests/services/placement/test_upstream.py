# SPDX-License-Identifier: Apache-2.0
"""Some of Placement's own tests, by what runs those of each service."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import fixtures
import testtools

_TOP = pathlib.Path(__file__).parents[3]
# A file of four tests: a provider is made, and three are refused.
_ONLY = "[.]resource-provider-duplication_"


class UpstreamTestCase(testtools.TestCase):
    def test_they_pass_stock_with_us_and_with_each_post_repeated(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        done = subprocess.run(
            [
                *(sys.executable, "-m", "upstream"),
                *("--service", "placement", "--only", _ONLY),
                *("--folder", folder, "--concurrency", "1"),
            ],
            check=False,
            cwd=_TOP,
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        sent = "4 POSTs were sent twice: 1 replayed, 3 refused"
        self.assertIn(sent, done.stdout)
        self.assertIn("8 compared, 0 problems", done.stdout)
