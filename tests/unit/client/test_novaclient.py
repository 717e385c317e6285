# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from novaclient import client

from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import OTHER_SERVER
from tests.unit.client.cloud import SERVER
from tests.unit.client.novaclient import BOOT
from tests.unit.client.novaclient import CommandLineTest
from tests.unit.client.novaclient import STOP


class NoticeTest(CommandLineTest):
    def test_first_use_says_nothing(self):
        outcome = self.nova.run("--x-client-token", "a1", *BOOT)
        self.assertNotIn("NOTE", outcome.stderr)
        self.assertNotIn("WARNING", outcome.stderr)

    def test_replay_is_noted_and_stdout_is_the_same(self):
        first = self.nova.run("--x-client-token", "a1", *BOOT)
        again = self.nova.run("--x-client-token", "a1", *BOOT)
        (request_id,) = self.cloud.first_uses.values()
        self.assertIn(f"first request id {request_id}", again.stderr)
        self.assertEqual(first.stdout, again.stdout)

    def test_cloud_without_tokens_is_warned_of_once(self):
        self.start(Cloud(knows_tokens=False))
        plain = self.nova.run(*STOP, OTHER_SERVER)
        outcome = self.nova.run("--x-client-token", "a1", *STOP, OTHER_SERVER)
        self.assertEqual(1, outcome.stderr.count("ignores client tokens"))
        self.assertEqual(plain.stdout, outcome.stdout)
        self.assertEqual(plain.status, outcome.status)

    def test_no_answer_where_a_retry_is_safe(self):
        self.start(Cloud(losses=(wire.Gateway(504),) * 3))
        outcome = self.nova.run("--x-client-token", "a1", *STOP)
        self.assertIn("no answer came (it was sent 3 times)", outcome.stderr)
        self.assertIn("again with the same client token: it is safe",
                      outcome.stderr)
        self.assertEqual(1, outcome.status)

    def test_no_answer_where_a_retry_is_not_safe(self):
        for options in ({"retry_safe": False}, {"knows_tokens": False}):
            self.start(Cloud(losses=(wire.Loss.ANSWER,), **options))
            outcome = self.nova.run("--x-client-token", "a1", *STOP)
            self.assertIn("no answer came", outcome.stderr)
            self.assertIn("Look first", outcome.stderr)
            self.assertIn("'nova client-token-show'", outcome.stderr)
            self.assertEqual(1, outcome.status)

    def test_rebuilt_answer_has_lost_its_secrets(self):
        self.start(Cloud(losses=(wire.Spoken(202, "rebuilt"),)))
        outcome = self.nova.run("--x-client-token", "a1", *STOP)
        self.assertIn("secrets in it", outcome.stderr)
        self.assertIn("are lost", outcome.stderr)

    def test_reading_a_console_warns_of_nothing(self):
        for words in (
            ("console-log", SERVER),
            ("get-vnc-console", SERVER, "novnc"),
        ):
            outcome = self.nova.run("--x-client-token", "a1", *words)
            self.assertEqual(0, outcome.status)
            self.assertNotIn("WARNING", outcome.stderr)


class HelpTest(CommandLineTest):
    def test_help_needs_no_credentials_and_shows_the_option(self):
        outcome = self.nova.spawn_logged_out("help")
        self.assertEqual(0, outcome.status)
        text = " ".join(outcome.stdout.split())
        self.assertIn("--x-client-token [<token>] Name this command's", text)
        self.assertIn("client-token-list", text)
        self.assertIn("list of processes; env[OS_CLIENT_TOKEN]", text)

    def test_help_of_a_command_with_the_option(self):
        outcome = self.nova.spawn("--x-client-token", "a1", "help", "boot")
        self.assertEqual(0, outcome.status)
        self.assertIn("usage: nova boot", outcome.stdout)

    def test_help_works_with_a_bad_variable(self):
        for bad in ("not one word", ""):
            self.set_variable(bad)
            self.assertEqual(0, self.nova.run("help", "boot").status)

    def test_completion_knows_no_token(self):
        outcome = self.nova.run("--x-client-token", "a1", "bash-completion")
        self.assertEqual(0, outcome.status)
        self.assertIn("keypair-add", outcome.stdout)


class ProcessTest(CommandLineTest):
    """The command in a process of its own, as users run it."""

    def test_option(self):
        outcome = self.nova.spawn("--x-client-token", "a1", *BOOT)
        self.assertEqual(0, outcome.status)
        self.assertIn("first-pass", outcome.stdout)
        self.assertEqual(["a1"], self.sent())

    def test_variable(self):
        self.nova.spawn(*STOP, OS_CLIENT_TOKEN="a2")
        self.assertEqual(["a2"], self.sent())

    def test_debug_hides_the_token(self):
        outcome = self.nova.spawn("--debug", *BOOT, OS_CLIENT_TOKEN="s3cret")
        self.assertEqual(["s3cret"], self.sent())
        self.assertIn('-H "X-Client-Token: ***"', outcome.stderr)
        self.assertIn("POST call to compute", outcome.stderr)
        self.assertNotIn("s3cret", outcome.stderr + outcome.stdout)

    def test_debug_of_a_failure_hides_the_token(self):
        self.start(Cloud(refusal=500))
        outcome = self.nova.spawn("--debug", "--x-client-token=s3cret", *STOP)
        self.assertEqual(1, outcome.status)
        self.assertNotIn("s3cret", outcome.stderr + outcome.stdout)


class LibraryTest(CommandLineTest):
    """novaclient as a library, in a process where the command ran."""

    def library_client(self):
        login = self.cloud.environment
        return client.Client(
            "2.96",
            login["OS_USERNAME"],
            login["OS_PASSWORD"],
            project_name=login["OS_PROJECT_NAME"],
            auth_url=login["OS_AUTH_URL"],
            user_domain_id="default",
            project_domain_id="default",
        )

    def test_variable_is_for_the_command_only(self):
        self.set_variable("a2")
        self.library_client().servers.stop(SERVER)
        self.assertEqual([None], self.sent())

    def test_command_leaves_nothing_behind(self):
        self.nova.run("--x-client-token", "a1", *STOP)
        self.library_client().servers.stop(SERVER)
        self.assertEqual(["a1", None], self.sent())
