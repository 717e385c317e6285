# SPDX-License-Identifier: Apache-2.0
"""The peers of the benchmarks, as far as they are there without one."""

from __future__ import annotations

import os
import pathlib
import tempfile
import unittest
from unittest import mock
import uuid

from benchmarks.peers import environment
from benchmarks.peers import run
from benchmarks.peers.catalogue import Listed
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.things import Things

_FOLDER = pathlib.Path(run.__file__).parent


class CatalogueTestCase(unittest.TestCase):
    def test_each_has_a_module_that_starts_it(self):
        for peer in PEERS:
            source = (_FOLDER / f"{peer.module}.py").read_text()
            self.assertIn("\ndef opened(", source, peer.name)

    def test_each_is_asked_for_in_the_range_that_was_tried(self):
        for peer in PEERS:
            for needed in peer.needs:
                self.assertRegex(needed, r">=[\d.]+,<\d+$", peer.name)
            for needed in peer.npm:
                self.assertRegex(needed, r"@\d+\.\d+\.\d+$", peer.name)

    def test_none_is_among_what_the_project_needs(self):
        root = _FOLDER.parents[1]
        pinned = (root / "constraints.txt").read_text().lower()
        for peer in PEERS:
            name = peer.needs[0].partition("[")[0].partition(">")[0]
            self.assertNotIn(f"\n{name.lower()}==", pinned)


class EnvironmentTestCase(unittest.TestCase):
    def test_what_cannot_be_installed_is_missing(self):
        # A requirement that pip refuses before it asks anybody.
        odd = Listed("odd", "odd", ("not a requirement",), "anything")
        refused = self.assertRaisesRegex(
            environment.Missing, "cannot be installed.*equirement"
        )
        with tempfile.TemporaryDirectory() as folder, refused:
            environment.python(odd, pathlib.Path(folder))

    def test_without_npm_what_it_brings_is_missing(self):
        odd = Listed("odd", "odd", (), "anything", npm=("restate@1.0.0",))
        refused = self.assertRaisesRegex(
            environment.Missing, "npm is not installed"
        )
        nothing = mock.patch.dict(os.environ, {"PATH": "/nowhere"})
        with tempfile.TemporaryDirectory() as folder, nothing, refused:
            environment.python(odd, pathlib.Path(folder))


class _Peer:
    """Notes what it is asked."""

    def __init__(self):
        self.asked = []

    def answer(self, token):
        self.asked.append(token)

    def close(self):
        pass


class _Things(Things):
    """Counts."""

    def __init__(self):
        super().__init__("nowhere")
        self.made = 0

    def add(self):
        self.made += 1


class RunnerTestCase(unittest.TestCase):
    def setUp(self):
        self.peer, self.things = _Peer(), _Things()
        self.runner = run.Runner(self.peer, self.things)

    def test_each_first_use_has_a_token_of_its_own(self):
        block = self.runner.obey("first 6 2 0")
        self.assertEqual(6, len(block["seconds"]))
        self.assertEqual(6, len(set(self.peer.asked)))
        self.assertTrue(all(uuid.UUID(one) for one in self.peer.asked))

    def test_replays_are_of_tokens_that_were_used_before(self):
        self.runner.obey("replay 4 1 3")
        self.assertEqual(self.peer.asked[:4], self.peer.asked[4:])
        self.runner.obey("replay 4 1 3")
        self.assertEqual(self.peer.asked[:4], self.peer.asked[8:])

    def test_an_insertion_alone_asks_no_peer(self):
        self.runner.obey("raw 5 1 0")
        self.assertEqual(5, self.things.made)
        self.assertEqual([], self.peer.asked)


if __name__ == "__main__":
    unittest.main()
