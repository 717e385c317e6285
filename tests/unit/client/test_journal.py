# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pathlib
import subprocess
import sys
import typing as ty

import fixtures
import testtools

from openstack_idempotency_client import token as tokens
from openstack_idempotency_client.digest import Typed
from openstack_idempotency_client.entry import Entry
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.entry import Post
from openstack_idempotency_client.journal import Journal
from openstack_idempotency_client.outcome import Fault
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State

SCOPE = ("http://cloud", "one", "user", "project")
BOOT = Typed("nova", "boot", ("--flavor", "1", "web"), SCOPE)
UNANSWERED = Outcome(fault=Fault.UNANSWERED)

_T = ty.TypeVar("_T")

# Takes what is remembered, as a process of its own; prints its id.
TAKE = """
import pathlib, sys
from openstack_idempotency_client.digest import Typed
from openstack_idempotency_client.journal import Journal
typed = Typed("nova", "boot", ("--flavor", "1", "web"),
              ("http://cloud", "one", "user", "project"))
held = Journal(pathlib.Path(sys.argv[1])).resume(typed)
print(held and held.entry.id, flush=True)
sys.stdin.read()
"""


class JournalTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable(
            "PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring"))
        self.useFixture(
            fixtures.MonkeyPatch("keyring.core._keyring_backend", None)
        )  # fmt: skip
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.journal = Journal(self.folder)

    def begun(self, typed=BOOT, now=1000.0):
        """A command that was killed when its POST had left."""
        held = self.journal.begin(typed, now)
        _token, post = self.taken(
            held.token_for("/servers", lambda: tokens.make(now))
        )
        post.sending()
        held.save()
        held.release()
        return held.entry

    def resumed(self, journal=None):
        """Resume the command, which is there."""
        return self.taken((journal or self.journal).resume(BOOT))

    def taken(self, there: _T | None) -> _T:
        assert there is not None
        return there

    def take(self):
        process = subprocess.Popen(
            [sys.executable, "-c", TAKE, str(self.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return self.taken(process.stdout).readline().strip(), process


class ResumeTest(JournalTest):
    def test_same_token_for_the_same_target(self):
        entry = self.begun()
        held = self.resumed(Journal(self.folder))
        self.assertEqual(entry.id, held.entry.id)
        self.assertTrue(held.resumed)
        again = self.folder / "secrets" / f"{entry.id}.0"
        token, post = self.taken(held.token_for("/servers", self.fail))
        self.assertEqual(again.read_text(), token.value)
        self.assertEqual(1, post.attempts)

    def test_other_target_while_one_is_open(self):
        self.begun()
        held = self.resumed()
        self.assertIsNone(held.token_for("/other", self.fail))

    def test_more_posts_than_before(self):
        self.begun()
        held = self.resumed()
        held.token_for("/servers", self.fail)
        given = [
            self.taken(held.token_for(target, lambda: tokens.make(1.0)))[0]
            for target in ("/other", "/servers")
        ]
        self.assertNotEqual(*given)
        self.assertEqual(3, len(held.entry.posts))

    def test_only_the_same_command_in_the_same_scope(self):
        self.begun()
        for other in (
            Typed("openstack", "boot", BOOT.words, SCOPE),
            Typed("nova", "boot", ("--flavor", "2", "web"), SCOPE),
            Typed("nova", "boot", BOOT.words, (*SCOPE[:3], "another")),
        ):
            self.assertIsNone(self.journal.resume(other))

    def test_oldest_first(self):
        self.begun(now=2000.0)
        first = self.begun(now=1000.0)
        self.assertEqual(first.id, self.resumed().entry.id)

    def test_each_process_takes_another(self):
        entries = {self.begun().id for _ in range(3)}
        taken = [self.take()[0] for _ in range(4)]
        self.assertEqual(entries | {"None"}, set(taken))

    def test_what_a_killed_process_held_is_free(self):
        entry = self.begun()
        _id, process = self.take()
        self.assertIsNone(self.journal.resume(BOOT))
        process.kill()
        process.wait()
        self.assertEqual(entry.id, self.resumed().entry.id)

    def test_token_that_is_gone(self):
        entry = self.begun()
        (self.folder / "secrets" / f"{entry.id}.0").unlink()
        held = self.resumed()
        error = self.assertRaises(
            JournalError, held.token_for, "/servers", self.fail
        )
        self.assertIn("is gone", str(error))


class ForgetTest(JournalTest):
    def test_nothing_is_left(self):
        self.begun()
        self.resumed().forget()
        left = {p.name for p in self.folder.rglob("*") if p.is_file()}
        self.assertEqual({"journal.lock", "key"}, left)
        self.assertEqual([], self.journal.entries())

    def test_locks_of_processes_that_died_early_are_swept(self):
        locks = self.folder / "locks"
        locks.mkdir(parents=True)
        (locks / "00000000").touch()
        held = self.journal.begin(BOOT, 1.0)
        self.assertEqual([held.entry.id], [p.name for p in locks.iterdir()])

    def test_secrets_of_processes_that_died_early_are_swept(self):
        """Killed before the entry was written, or after it was removed."""
        entry = self.begun()
        secret = self.folder / "secrets" / f"{entry.id}.0"
        (self.folder / "entries" / f"{entry.id}.json").unlink()
        self.assertTrue(secret.exists())
        self.journal.begin(BOOT, 1.0)
        self.assertFalse(secret.exists())


class PostTest(testtools.TestCase):
    def after(self, *outcomes):
        post = Post("/servers")
        for outcome in outcomes:
            post.sending()
            post.heard(outcome)
        return post

    def test_refusal_settles_the_only_try(self):
        self.assertTrue(self.after(Outcome(403, State.EXECUTED)).settled)

    def test_refusal_settles_after_answers(self):
        self.assertTrue(
            self.after(Outcome(503, State.UNAVAILABLE),
                       Outcome(403, State.EXECUTED)).settled
        )  # fmt: skip

    def test_refusal_does_not_settle_what_is_open(self):
        for first in (UNANSWERED, Outcome(502)):
            self.assertFalse(
                self.after(first, Outcome(403, State.EXECUTED)).settled
            )

    def test_success_settles_all(self):
        self.assertTrue(
            self.after(UNANSWERED, Outcome(202, State.REPLAYED)).settled
        )

    def test_what_never_left_is_no_try(self):
        post = self.after(Outcome(fault=Fault.NOT_SENT))
        self.assertEqual(0, post.attempts)
        entry = Entry("a", "nova", "boot", "", "", "file", "", "", 0.0, [post])
        self.assertTrue(entry.finished)
