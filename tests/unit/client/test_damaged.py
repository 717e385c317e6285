# SPDX-License-Identifier: Apache-2.0
"""What is remembered, when it cannot be read any more."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import stat

import ddt

from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.journal import Journal
from tests.unit.client.remembering import LOST
from tests.unit.client.remembering import RememberingTest
from tests.unit.client.remembering import STOP
from tests.unit.client.test_journal import BOOT
from tests.unit.client.test_journal import JournalTest


class DamagedTest(JournalTest):
    """It may be this command's, which must not run as a new one then."""

    def refused(self):
        error = self.assertRaises(
            JournalError, Journal(self.folder).resume, BOOT
        )
        return str(error)

    def assert_names(self, path):
        message = self.refused()
        self.assertIn(str(path), message)
        self.assertNotIn("Errno", message)


@ddt.ddt
class EntryTest(DamagedTest):
    @ddt.data(b"", b"{}", b"no json", b"[]", b"\xff\xfe", b"{\"posts\": [1]}")
    def test_text_that_is_no_entry(self, content):
        entry = self.begun()
        path = self.folder / "entries" / f"{entry.id}.json"
        path.write_bytes(content)
        self.assert_names(path)

    @ddt.data({"created": "yesterday"}, {"new": "of a newer version"},
              {"posts": [{"target": "", "attempts": "many"}]})  # fmt: skip
    def test_entry_of_another_kind(self, changed):
        entry = self.begun()
        path = self.folder / "entries" / f"{entry.id}.json"
        path.write_text(json.dumps(dataclasses.asdict(entry) | changed))
        self.assert_names(path)

    def test_file_that_cannot_be_opened(self):
        self.begun()
        path = self.folder / "entries" / "0badf11e.json"
        path.mkdir()
        self.assert_names(path)

    def test_token_that_cannot_be_opened(self):
        entry = self.begun()
        path = self.folder / "secrets" / f"{entry.id}.0"
        path.write_bytes(b"\xff")
        held = self.resumed()
        error = self.assertRaises(
            JournalError, held.token_for, "/servers", self.fail
        )
        self.assertIn(str(path), str(error))


@ddt.ddt
class KeyTest(DamagedTest):
    @ddt.data(None, b"", b"zz", b"0" * 63, b"\xff" * 64)
    def test_key_that_is_lost(self, content):
        self.begun()
        path = self.folder / "secrets" / "key"
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        self.assertIn(str(self.folder), self.refused())

    def test_new_one_where_nothing_is_remembered(self):
        self.begun()
        self.resumed().forget()
        shutil.rmtree(self.folder / "secrets")
        self.assertIsNone(Journal(self.folder).resume(BOOT))
        self.begun()


class FolderTest(JournalTest):
    def test_for_its_user_alone_whatever_the_umask_allows(self):
        state = self.folder / "local" / "state"
        before = os.umask(0)
        try:
            self.journal = Journal(state / "tokens")
            self.begun()
        finally:
            os.umask(before)
        for path in (state.parent, *state.parent.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(0o700 if path.is_dir() else 0o600, mode)

    def test_without_a_home(self):
        error = self.assertRaises(
            JournalError, Journal, pathlib.Path("~/.local/state")
        )
        self.assertIn("set HOME", str(error))


class CommandTest(RememberingTest):
    def test_command_is_not_sent_as_a_new_one(self):
        self.cloud.losses = list(LOST)
        self.bare(*STOP)
        [name] = self.remembered()
        path = self.nova.login.state / "entries" / f"{name}.json"
        path.write_text("damaged")
        before = len(self.sent())
        outcome = self.bare(*STOP)
        self.assertEqual((1, before), (outcome.status, len(self.sent())))
        self.assertIn(f"nothing was sent: {path}", outcome.stderr)
        listed = self.nova.run("client-token-list")
        self.assertIn(f"nova: error: {path}", listed.stderr)
