# SPDX-License-Identifier: Apache-2.0
"""The stock openstack command, in processes of its own, as users run it."""

from __future__ import annotations

import signal
import time
import uuid

from cryptography.hazmat.primitives import serialization
import ddt
import testtools

from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import SERVER
from tests.unit.client.shell import OpenStackCommand
from tests.unit.client.wire import Loss

GROUP = ("server", "group", "create", "--policy", "affinity")
STOP = ("server", "stop", SERVER)
BOOT = ("server", "create", "--flavor", "1", "--image", IMAGE, "--network",
        "none")  # fmt: skip
LOST = (Loss.ANSWER,) * 3
MEMORY_KEYRING = "tests.unit.client.keyring_of_test.Keyring"


class OpenStackTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.start(Cloud())

    def start(self, cloud):
        self.cloud = self.useFixture(cloud)
        self.openstack = self.useFixture(OpenStackCommand(self.cloud))

    def bare(self, *words, **variables):
        return self.openstack.run("--os-client-token", *words, **variables)

    def sent(self):
        return [request.token for request in self.cloud.posts()]

    def remembered(self):
        return self.openstack.login.entries()

    def die(self, *words, **variables):
        """Kill the command when its request has run, but not answered."""
        self.cloud.losses = [Loss.HELD]
        self.cloud.held.clear()
        self.cloud.let_go.clear()
        command = self.openstack.start(*words, **variables)
        self.addCleanup(command.communicate)
        self.addCleanup(command.kill)
        self.assertTrue(self.cloud.held.wait(60))
        command.kill()
        self.assertEqual(-signal.SIGKILL, command.wait(60))
        self.cloud.let_go.set()

    def assert_succeeded(self, outcome):
        self.assertEqual(0, outcome.status, outcome.stderr)


@ddt.ddt
class OptionTest(OpenStackTest):
    def test_nothing_given_nothing_sent(self):
        self.assert_succeeded(self.openstack.run(*STOP))
        self.assertEqual([None], self.sent())
        self.assertEqual([], self.cloud.look_ups())

    def test_value_before_the_command(self):
        self.openstack.run("--os-client-token=a1", *STOP)
        self.assertEqual(["a1"], self.sent())

    def test_value_after_the_command(self):
        self.openstack.run(*STOP, "--os-client-token=a1")
        self.assertEqual(["a1"], self.sent())

    def test_variable(self):
        self.openstack.run(*STOP, OS_CLIENT_TOKEN="a2")
        self.assertEqual(["a2"], self.sent())

    def test_bare_before_and_after_the_command(self):
        self.assert_succeeded(self.bare(*GROUP, "web"))
        self.assert_succeeded(
            self.openstack.run(*GROUP, "--os-client-token", "web")
        )
        self.assert_succeeded(
            self.openstack.run(*GROUP, "web", "--os-client-token")
        )
        self.assertEqual([7] * 3, [uuid.UUID(t).version for t in self.sent()])
        self.assertEqual(3, len(set(self.sent())))
        self.assertEqual([], self.remembered())

    def test_value_without_equals(self):
        outcome = self.openstack.run("--os-client-token", "s3cret", *STOP)
        self.assertEqual(2, outcome.status)
        self.assertIn("A client token needs '='", outcome.stderr)
        self.assertIn("openstack --os-client-token[=TOKEN] COMMAND",
                      outcome.stderr)
        self.assertEqual([], self.sent())

    @ddt.named_data(
        ("empty", ("--os-client-token=",), {}, "is empty"),
        ("blank", ("--os-client-token=a b",), {}, "character 2"),
        ("variable", (), {"OS_CLIENT_TOKEN": ""}, "is set, but empty"),
        ("attempts", ("--os-client-token", "--client-token-attempts", "0"), {},
         "must be 1 or more"),
    )  # fmt: skip
    def test_refused(self, words, variables, said):
        outcome = self.openstack.run(*words, *STOP, **variables)
        self.assertEqual(2, outcome.status)
        self.assertIn(said, outcome.stderr)
        self.assertEqual([], self.sent())

    def test_help_lists_it(self):
        text = " ".join(self.openstack.run("--help").stdout.split())
        self.assertIn("--os-client-token [<token>]", text)
        self.assertIn("client token list", text)

    def test_debug_hides_the_token(self):
        outcome = self.openstack.run(
            "--debug", "--os-client-token=s3cret7", *STOP
        )
        self.assertEqual(["s3cret7"], self.sent())
        self.assertIn('-H "X-Client-Token: ***"', outcome.stderr)
        self.assertNotIn("s3cret7", outcome.stderr + outcome.stdout)

    def test_no_warning_of_python(self):
        outcome = self.openstack.spawn(
            "--os-client-token", *STOP, PYTHONWARNINGS="always"
        )
        self.assert_succeeded(outcome)
        self.assertNotIn("openstack_idempotency_client", outcome.stderr)


class InteractiveTest(OpenStackTest):
    def typed(self, *words, lines):
        return self.openstack.run(*words, typed="\n".join(lines) + "\n")

    def test_each_command_has_a_token_of_its_own(self):
        lines = [" ".join((*GROUP, "web"))] * 2 + [" ".join(STOP)]
        self.typed("--os-client-token", lines=lines)
        self.assertEqual(3, len(set(self.sent())))
        self.assertEqual(3, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_a_command_goes_on_where_it_stopped(self):
        self.cloud.losses = list(LOST)
        line = " ".join((*GROUP, "web"))
        outcome = self.typed("--os-client-token", lines=[line, line])
        self.assertIn("again: it is safe", outcome.stderr)
        self.assertIn("given before", outcome.stderr)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_without_the_option_nothing_is_sent(self):
        self.typed(lines=[" ".join(STOP)])
        self.assertEqual([None], self.sent())

    def test_one_token_is_not_for_all(self):
        outcome = self.typed("--os-client-token=a1", lines=[" ".join(STOP)])
        self.assertIn("each command gets one of its own", outcome.stderr)
        self.assertEqual([], self.sent())

    def test_option_in_a_line(self):
        outcome = self.typed(lines=[" ".join((*STOP, "--os-client-token"))])
        self.assertIn("where openstack is started", outcome.stderr)
        self.assertEqual([], self.sent())


class KilledTest(OpenStackTest):
    def test_same_command_again_makes_nothing_twice(self):
        self.die("--os-client-token", *BOOT, "web")
        (name,) = self.remembered()
        again = self.openstack.spawn(*BOOT, "web", "--os-client-token")
        self.assert_succeeded(again)
        self.assertIn(f"(remembered as {name})", again.stderr)
        self.assertIn("first-pass", again.stdout)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_nothing_is_sent_without_the_promise(self):
        self.die("--os-client-token", *STOP)
        self.cloud.retry_safe = False
        again = self.bare(*STOP)
        self.assertEqual(1, again.status)
        (name,) = self.remembered()
        self.assertIn(
            f"'openstack client token show {name}'", again.stderr
        )
        self.assertEqual(1, len(self.sent()))

    def test_at_random_points(self):
        for number in range(4):
            words = ("--os-client-token", *GROUP, f"r{number}")
            command = self.openstack.start(*words)
            time.sleep(1.5 + number * 0.5)  # where it is then is chance
            command.kill()
            command.communicate()
            if len(self.cloud.made) > number and not self.remembered():
                continue  # it had its answer: run again, it is another one
            self.assert_succeeded(self.openstack.run(*words))
        self.assertEqual(4, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_five_in_the_background_make_five(self):
        self.cloud.losses = [Loss.HELD] * 5
        running = [
            self.openstack.start("--os-client-token", *GROUP, "web")
            for _ in range(5)
        ]
        deadline = time.monotonic() + 80
        while len(self.sent()) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.cloud.let_go.set()
        for command in running:
            self.assertEqual("", command.communicate(timeout=60)[1])
        self.assertEqual(5, len(set(self.sent())))
        self.assertEqual([], self.remembered())


class CommandsTest(OpenStackTest):
    def lose(self, *words):
        self.cloud.losses = list(LOST)
        self.bare(*words)
        return self.remembered()[0]

    def client_token(self, *words):
        return self.openstack.run("client", "token", *words)

    def test_list_show_and_forget(self):
        name = self.lose(*GROUP, "s3cret")
        listed = self.client_token("list", "-f", "value")
        self.assertIn(f"{name} server group create --policy openstack",
                      listed.stdout)
        self.assertNotIn("s3cret", listed.stdout)
        shown = self.client_token("show", name)
        self.assertIn("attempts: 3, last: no answer", shown.stdout)
        self.assertIn("state: succeeded", shown.stdout)
        self.assert_succeeded(self.client_token("forget", name))
        self.assertEqual([], self.remembered())

    def test_show_a_token_of_the_users(self):
        self.openstack.run("--os-client-token=a1", *STOP)
        shown = self.client_token("show", "--os-client-token=a1")
        self.assertIn("state: succeeded", shown.stdout)
        # It fits a terminal.
        self.assertLess(max(map(len, shown.stdout.splitlines())), 100)

    def test_unknown_id(self):
        for verb in ("show", "forget", "resume"):
            outcome = self.client_token(verb, "00000000")
            self.assertEqual(1, outcome.status)
            self.assertIn("nothing is remembered as", outcome.stderr)

    def test_status(self):
        outcome = self.client_token("status", "-f", "value")
        self.assert_succeeded(outcome)
        self.assertEqual("yes\nyes\n86400\nfiles of mode 0600\n0\n",
                         outcome.stdout)


class KeypairTest(OpenStackTest):
    """A private key that the command makes is not lost with it."""

    CREATE = ("--os-client-token", "keypair", "create")

    def setUp(self):
        super().setUp()
        self.file = self.openstack.login.home / "key"
        self.keyring = {
            "PYTHON_KEYRING_BACKEND": MEMORY_KEYRING,
            "KEYRING_OF_TEST": str(self.openstack.login.home / "keyring"),
        }

    def assert_belongs(self, private_key):
        key = serialization.load_ssh_private_key(private_key.encode(), None)
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH,
            serialization.PublicFormat.OpenSSH,
        )
        (made,) = self.cloud.made
        self.assertEqual(public.decode(), made["keypair"]["public_key"])

    def test_file(self):
        words = (*self.CREATE, "k", "--private-key", str(self.file))
        stock = self.openstack.run(*words[1:], "-f", "json")
        self.cloud.made.clear()
        outcome = self.openstack.run(*words, "-f", "json")
        self.assert_succeeded(outcome)
        self.assertEqual(stock.stdout, outcome.stdout)
        self.assert_belongs(self.file.read_text())
        self.assertEqual(0o600, self.file.stat().st_mode & 0o777)

    def test_killed_with_a_file(self):
        words = (*self.CREATE, "k", "--private-key", str(self.file))
        self.die(*words)
        again = self.openstack.run(*words)
        self.assert_succeeded(again)
        self.assert_belongs(self.file.read_text())
        self.assertEqual([], self.remembered())

    def test_killed_and_its_file_is_gone(self):
        words = (*self.CREATE, "k", "--private-key", str(self.file))
        self.die(*words)
        self.file.unlink()
        again = self.openstack.run(*words)
        self.assertEqual(1, again.status)
        self.assertIn("does not hold the private key", again.stderr)
        self.assertEqual(1, len(self.sent()))

    def test_neither_file_nor_keyring(self):
        outcome = self.openstack.run(*self.CREATE, "k")
        self.assertEqual(1, outcome.status)
        self.assertIn("--private-key FILE", outcome.stderr)
        self.assertEqual([], self.sent())
        self.assertEqual([], self.remembered())

    def test_killed_with_a_keyring(self):
        self.die(*self.CREATE, "k", **self.keyring)
        again = self.openstack.run(*self.CREATE, "k", **self.keyring)
        self.assert_succeeded(again)
        self.assert_belongs(again.stdout)
        self.assertEqual([], self.remembered())
        left = (self.openstack.login.home / "keyring").read_text()
        self.assertNotIn(".key", left)
        self.assertNotIn(self.sent()[0], left)

    def test_tokens_are_in_the_keyring_where_there_is_one(self):
        self.die("--os-client-token", *STOP, **self.keyring)
        state = self.openstack.login.state
        text = "".join(
            p.read_text() for p in state.rglob("*") if p.is_file()
        )
        self.assertNotIn(self.sent()[0], text)
        self.assertFalse((state / "secrets").exists())
        closed = self.bare(*STOP)
        self.assertIn("keyring that cannot be opened now", closed.stderr)
        self.assertEqual(1, closed.status)
        self.assertEqual(1, len(self.sent()))
        self.assert_succeeded(self.bare(*STOP, **self.keyring))
        self.assertEqual(1, len(set(self.sent())))

    def test_public_key_of_the_users(self):
        self.file.write_text("ssh-ed25519 AAAA user")
        self.assert_succeeded(self.openstack.run(
            *self.CREATE, "k", "--public-key", str(self.file)
        ))  # fmt: skip
        (made,) = self.cloud.made
        self.assertEqual("ssh-ed25519 AAAA user",
                         made["keypair"]["public_key"])
