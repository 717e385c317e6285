# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import uuid

import ddt
import fixtures
from novaclient import client
import testtools

from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import OTHER_SERVER
from tests.unit.client.cloud import SERVER
from tests.unit.client.shell import NovaCommand

BOOT = ("boot", "--flavor", "1", "--image", IMAGE, "--nic", "none", "a")
STOP = ("stop", SERVER)


class CommandLineTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.start(Cloud())

    def start(self, cloud):
        self.cloud = self.useFixture(cloud)
        self.nova = self.useFixture(NovaCommand(self.cloud))

    def set_variable(self, value):
        self.useFixture(fixtures.EnvironmentVariable("OS_CLIENT_TOKEN", value))

    def sent(self, service="compute"):
        return [request.token for request in self.cloud.posts(service)]


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

    def test_senseless_numbers(self):
        for option in ("--client-token-attempts", "--client-token-seconds"):
            self.assert_refused(
                self.nova.run("--x-client-token", option, "0", *STOP),
                2,
                f"{option} must be 1 or more",
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
