# SPDX-License-Identifier: Apache-2.0
"""What the pages of the documentation say is typed, typed; and what comes."""

from __future__ import annotations

from pathlib import Path
import signal
import tempfile
import unittest

import ddt

from testing import desk
from testing import pages
from testing.cloud import Cloud
from testing.likeness import Likeness
from testing.pages import Block

CLOUD: Cloud
PAGES = [
    name
    for name in pages.names()
    if any(not block.left_out for block in pages.blocks(name))
]


def setUpModule() -> None:
    global CLOUD  # noqa: PLW0603
    if missing := desk.missing():
        raise unittest.SkipTest(missing)
    CLOUD = Cloud()
    unittest.addModuleCleanup(CLOUD.close)


@ddt.ddt
class PagesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="e2e-desk-")
        self.addCleanup(folder.cleanup)
        self.desk = self.enterContext(
            desk.Desk(CLOUD, Path(folder.name))
        )
        self.likeness = Likeness()

    @ddt.data(*PAGES)
    def test_it_says_what_happens(self, name: str) -> None:
        for block in pages.blocks(name):
            if not block.left_out:
                self.play(block)

    def play(self, block: Block) -> None:
        """Type the commands of a block, and compare what comes."""
        last = len(block.steps) - 1
        for number, step in enumerate(block.steps):
            killed = block.killed and number == 0
            typed = (self.desk.killed if killed else self.desk.type)(
                step.command
            )
            told = f"{block.place}: {step.command}\n{typed.output}"
            expected = block.status if number == last else 0
            if killed:
                expected = -signal.SIGKILL
            self.assertEqual(expected, typed.status, told)
            if step.output:
                found = self.likeness.difference(step.output, typed.output)
                self.assertEqual("", found, told)
