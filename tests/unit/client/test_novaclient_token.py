# SPDX-License-Identifier: Apache-2.0
"""Which token the nova command sends, and which it refuses."""

from __future__ import annotations

import uuid

import ddt

from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import OTHER_SERVER
from tests.unit.client.cloud import SERVER
from tests.unit.client.novaclient import BOOT
from tests.unit.client.novaclient import CommandLineTest
from tests.unit.client.novaclient import STOP


class TokenTest(CommandLineTest):
    def test_option_and_value_apart(self):
        self.assertEqual(
            0, self.nova.run("--x-client-token", "a1", *BOOT).status
        )
        self.assertEqual(["a1"], self.sent())

    def test_option_and_value_joined(self):
        self.nova.run("--x-client-token=a1", *BOOT)
        self.assertEqual(["a1"], self.sent())

    def test_variable(self):
        self.set_variable("a2")
        self.nova.run(*BOOT)
        self.assertEqual(["a2"], self.sent())

    def test_option_wins_over_variable(self):
        self.set_variable("a2")
        self.nova.run("--x-client-token", "a1", *BOOT)
        self.assertEqual(["a1"], self.sent())

    def test_nothing_given_nothing_sent(self):
        outcome = self.nova.run(*BOOT)
        self.assertEqual([None], self.sent())
        self.assertNotIn("token", outcome.stderr)

    def test_option_wins_over_an_empty_variable(self):
        self.set_variable("")
        self.nova.run("--x-client-token", "a1", *BOOT)
        self.assertEqual(["a1"], self.sent())

    def test_only_compute_posts_carry_it(self):
        self.nova.run("--x-client-token", "a1", *BOOT)
        carriers = [r.path for r in self.cloud.requests if r.token]
        self.assertEqual(["/compute/servers"], carriers)
        asked = {r.path.split("/")[1] for r in self.cloud.requests}
        self.assertEqual({"identity", "image", "compute"}, asked)
        self.assertEqual([None], self.sent("identity"))

    def test_every_post_of_a_command_carries_it(self):
        self.nova.run("--x-client-token", "a1", *STOP, OTHER_SERVER)
        self.assertEqual(["a1", "a1"], self.sent())

    def test_another_name_of_the_compute_service(self):
        self.nova.run(
            "--service-type", "network", "--x-client-token", "a1", *STOP
        )
        self.assertEqual(["a1"], self.sent("network"))

    def test_each_run_in_a_process_has_its_own_token(self):
        for words in (
            ("--x-client-token", "a1", *STOP),
            STOP,
            ("--x-client-token", "a2", *STOP),
        ):
            self.nova.run(*words)
        self.assertEqual(["a1", None, "a2"], self.sent())


@ddt.ddt
class RefusedTokenTest(CommandLineTest):
    def assert_refused(self, outcome, status, source):
        self.assertEqual(status, outcome.status)
        self.assertIn(source, outcome.stderr)
        self.assertNotIn("s3cret", outcome.stderr)
        self.assertEqual([], self.sent())

    @ddt.named_data(
        ("empty", ""),
        ("blank", "s3cret s3cret"),
        ("not_ascii", "s3cret\xe9"),
        ("too_long", "s3cret" * 50),
        ("comma", "s3cret,s3cret"),
    )
    def test_option(self, bad):
        outcome = self.nova.run(f"--x-client-token={bad}", *STOP)
        self.assert_refused(outcome, 2, "--x-client-token: ")

    @ddt.named_data(
        ("blank", " "),
        ("line", "s3cret\n"),
        ("too_long", "s3cret" * 50),
        ("comma", "s3cret,s3cret"),
    )
    def test_variable(self, bad):
        self.set_variable(bad)
        self.assert_refused(self.nova.run(*STOP), 2, "OS_CLIENT_TOKEN: ")

    def test_empty_variable(self):
        self.set_variable("")
        for words in (BOOT, STOP, ("list",)):
            outcome = self.nova.run(*words)
            self.assert_refused(outcome, 2, "OS_CLIENT_TOKEN is set, but ")
            self.assertIn("unset it", outcome.stderr)
            self.assertEqual("", outcome.stdout)

    def test_empty_variable_of_a_process(self):
        outcome = self.nova.spawn(*STOP, OS_CLIENT_TOKEN="")
        self.assert_refused(outcome, 2, "OS_CLIENT_TOKEN is set, but empty")

    def test_bad_option_does_not_fall_back_to_the_variable(self):
        self.set_variable("a2")
        self.assert_refused(
            self.nova.run("--x-client-token=", *STOP), 2, "empty"
        )

    def test_token_named_like_a_command_can_be_joined(self):
        self.nova.run("--x-client-token=boot", *STOP)
        self.assertEqual(["boot"], self.sent())

    @ddt.data(
        ("stop", "--x-client-token", "s3cret", SERVER),
        ("stop", "--x-client-token=s3cret", SERVER),
        ("stop", SERVER, "--x-client-token"),
        ("boot", "--x-client-token"),
    )
    def test_option_after_the_command(self, words):
        outcome = self.nova.run(*words)
        self.assert_refused(outcome, 2, "goes before the command: nova")

    @ddt.data(
        ("--x-client-token", "bot", "--flavor", "1", "web"),
        ("--x-client-token", "s3cret"),
        ("--x-client-token=s3cret", "bot"),
    )
    def test_command_that_is_none(self, words):
        outcome = self.nova.run(*words)
        self.assert_refused(outcome, 2, "there is no command after")

    def test_option_alone_shows_the_help(self):
        outcome = self.nova.run("--x-client-token")
        self.assertIn("Command-line interface", outcome.stdout)

    def test_senseless_numbers(self):
        for option in ("--client-token-attempts", "--client-token-seconds"):
            self.assert_refused(
                self.nova.run("--x-client-token", option, "0", *STOP),
                2,
                f"{option} must be 1 or more",
            )
        self.assert_refused(
            self.nova.run(
                "--x-client-token", "--client-token-seconds", "nan", *STOP
            ),
            2,
            "--client-token-seconds must be 1 or more",
        )


class BareOptionTest(CommandLineTest):
    """The option without a value, as the blueprint writes it."""

    def assert_made(self, *words):
        outcome = self.nova.run(*words)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertEqual(7, uuid.UUID(self.sent()[-1]).version)

    def test_before_a_command(self):
        self.assert_made("--x-client-token", *BOOT)

    def test_abbreviated(self):
        self.assert_made("--x-client", *STOP)

    def test_before_an_option(self):
        self.assert_made("--x-client-token", "--timings", *STOP)

    def test_each_post_has_a_token_of_its_own(self):
        self.assert_made("--x-client-token", *STOP, OTHER_SERVER)
        self.assertEqual(2, len(set(self.sent())))

    def test_word_that_is_no_command_is_a_token(self):
        self.nova.run("--x-client-token", "list-", *STOP)
        self.assertEqual(["list-"], self.sent())

    def test_command_that_posts_nothing(self):
        outcome = self.nova.run("--x-client-token", "flavor-list")
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertEqual([], self.cloud.look_ups())
        self.assertFalse(self.nova.login.state.exists())

    def test_number_of_attempts(self):
        self.start(Cloud(losses=(wire.Gateway(502),) * 9))
        self.nova.run(
            "--x-client-token", "--client-token-attempts", "5", *STOP
        )
        self.assertEqual(5, len(self.sent()))
