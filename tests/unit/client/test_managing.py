# SPDX-License-Identifier: Apache-2.0
"""The commands that show and forget what is remembered."""

from __future__ import annotations

import re
import socket
import typing as ty

from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import SERVER
from tests.unit.client.remembering import BOOT
from tests.unit.client.remembering import LOST
from tests.unit.client.remembering import RememberingTest
from tests.unit.client.remembering import STOP


class ManagingTest(RememberingTest):
    """client-token-list, show, forget, resume, status."""

    def lose(self, *words):
        self.cloud.losses = list(LOST)
        self.bare(*words)
        return self.remembered()[0]

    def test_list_shows_words_without_values(self):
        name = self.lose(*BOOT, "--meta", "password=s3cret", "web")
        outcome = self.nova.run("client-token-list")
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertIn(name, outcome.stdout)
        self.assertIn("boot --flavor --image --nic --meta", outcome.stdout)
        self.assertIn(socket.gethostname(), outcome.stdout)
        self.assertNotIn("web", outcome.stdout)
        self.assertNotIn("s3cret", outcome.stdout)

    def test_show(self):
        name = self.lose(*BOOT, "web")
        outcome = self.nova.run("client-token-show", name)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertIn("attempts: 3, last: no answer", outcome.stdout)
        self.assertIn("state: succeeded", outcome.stdout)
        self.assertIn(f"server {SERVER}", outcome.stdout)
        self.assertNotIn(self.sent()[0], outcome.stdout)
        # It fits a terminal.
        self.assertLess(max(map(len, outcome.stdout.splitlines())), 100)

    def test_show_for_another_user(self):
        name = self.lose(*BOOT, "web")
        outcome = self.nova.run("--os-username", "eve", "client-token-show",
                                name)  # fmt: skip
        self.assertIn("another cloud, user or project", outcome.stdout)
        self.assertNotIn("state", outcome.stdout)

    def test_show_a_token_of_the_users(self):
        self.nova.run("--x-client-token", "a1", *BOOT, "web")
        outcome = self.nova.run("--x-client-token", "a1", "client-token-show")
        self.assertIn(f"server {SERVER}", outcome.stdout)

    def test_unknown_ids(self):
        for verb in ("show", "forget", "resume"):
            for name in ("00000000", "../../etc/passwd"):
                outcome = self.nova.run(f"client-token-{verb}", name)
                self.assertEqual(1, outcome.status)
                self.assertIn("nothing is remembered as", outcome.stderr)

    def test_forget_what_a_command_works_with(self):
        name = self.lose(*STOP)
        held = self.journal().hold(name)
        outcome = self.nova.run("client-token-forget", name)
        self.assertEqual(1, outcome.status)
        self.assertIn("a command that is running works with", outcome.stderr)
        held.release()
        self.nova.run("client-token-forget", name)
        self.assertEqual([], self.remembered())

    def test_entry_of_another_host_waits_until_it_is_asked_for(self):
        name = self.lose(*STOP)
        held = self.journal().hold(name)
        held.entry.host = "elsewhere"
        held.save()
        held.release()
        here = self.bare(*STOP)
        self.assertIn("run on host elsewhere", here.stderr)
        self.assertIn(f"'nova client-token-resume {name}'", here.stderr)
        self.assertEqual(2, len(set(self.sent())))
        resume = self.nova.run("client-token-resume", name)
        self.assertIn("run the command again", resume.stderr)
        self.assertIn("given before", self.bare(*STOP).stderr)
        self.assertEqual(2, len(set(self.sent())))
        self.assertEqual([], self.remembered())

    def test_entry_of_this_host_before_it_was_started_again(self):
        name = self.lose(*STOP)
        held = self.journal().hold(name)
        held.entry.boot = "another"
        held.save()
        held.release()
        shown = self.nova.run("client-token-show", name)
        self.assertIn("before it was started again", shown.stdout)
        self.assertIn("given before", self.bare(*STOP).stderr)

    def test_status(self):
        kept = "keeps client tokens for 86400 s; to send a request again is"
        cases: tuple[tuple[dict[str, ty.Any], str], ...] = (
            ({}, f"{kept} safe"),
            ({"retry_safe": False}, f"{kept} not known to be safe"),
            ({"knows_tokens": False}, "keeps no client tokens"),
        )
        for options, words in cases:
            self.start(Cloud(**options))
            outcome = self.nova.run("client-token-status")
            found = re.findall(r"\| compute +\| (.+?) +\|", outcome.stdout)
            self.assertEqual([words], found, outcome.stdout)
