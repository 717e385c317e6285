# SPDX-License-Identifier: Apache-2.0
"""The nova command without a token's value, killed and run again."""

from __future__ import annotations

import re
import signal
import socket
import time

import ddt

from openstack_idempotency_client import entry as entries
from openstack_idempotency_client import journal
from tests.unit.client import cloud as clouds
from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import Gateway
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import Loss
from tests.unit.client.cloud import OTHER_SERVER
from tests.unit.client.cloud import SERVER
from tests.unit.client.cloud import Spoken
from tests.unit.client.test_novaclient import CommandLineTest

BOOT = ("boot", "--flavor", "1", "--image", IMAGE, "--nic", "none")
STOP = ("stop", SERVER)
LOST = (Loss.ANSWER,) * 3


class RememberingTest(CommandLineTest):
    def bare(self, *words):
        return self.nova.run("--x-client-token", *words)

    def die(self, *words):
        """Kill the command when its request has run, but not answered."""
        self.cloud.losses = [Loss.HELD]
        self.cloud.held.clear()
        self.cloud.let_go.clear()
        command = self.nova.start("--x-client-token", *words)
        self.addCleanup(command.communicate)
        self.addCleanup(command.kill)
        self.assertTrue(self.cloud.held.wait(60))
        command.kill()
        self.assertEqual(-signal.SIGKILL, command.wait(60))
        self.cloud.let_go.set()

    def remembered(self):
        return self.nova.login.entries()

    def journal(self):
        return journal.Journal(self.nova.login.state)


class KilledTest(RememberingTest):
    def test_same_command_again_makes_nothing_twice(self):
        self.die(*BOOT, "web")
        (name,) = self.remembered()
        again = self.bare(*BOOT, "web")
        self.assertEqual(0, again.status, again.stderr)
        self.assertIn(f"(remembered as {name})", again.stderr)
        self.assertIn("same client token", again.stderr)
        self.assertIn("given before", again.stderr)
        self.assertIn("first-pass", again.stdout)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual(1, len(set(self.sent())))
        self.assertEqual(["1", "2"],
                         [request.attempt for request in self.cloud.posts()])
        self.assertEqual([], self.remembered())

    def test_look_up_is_read_first(self):
        self.die(*STOP)
        before = len(self.cloud.look_ups())
        self.bare(*STOP)
        asked = [one.token for one in self.cloud.look_ups()[before:]]
        self.assertEqual([None, self.sent()[-1]], asked)

    def test_nothing_is_sent_without_the_promise(self):
        self.die(*STOP)
        self.cloud.retry_safe = False
        for _ in range(2):
            again = self.bare(*STOP)
            self.assertEqual(1, again.status)
            self.assertIn("nothing was sent", again.stderr)
            self.assertIn("does not promise", again.stderr)
            (name,) = self.remembered()
            self.assertIn(f"'nova client-token-show {name}'", again.stderr)
            self.assertIn(f"'nova client-token-forget {name}'", again.stderr)
        self.assertEqual(1, len(self.sent()))
        self.bare("client-token-forget", name)
        self.assertEqual(0, self.bare(*STOP).status)
        self.assertEqual(2, len(self.cloud.made))

    def test_nothing_is_sent_where_the_cloud_does_not_say(self):
        self.die(*STOP)
        self.cloud.lookup_losses = [Gateway(502)] * 9
        again = self.bare(*STOP)
        self.assertIn("did not say whether it is safe", again.stderr)
        self.assertIn("'nova client-token-status'", again.stderr)
        self.assertEqual(1, len(self.sent()))

    def test_another_command_is_another(self):
        self.die(*BOOT, "web")
        self.bare(*BOOT, "other")
        self.assertEqual(2, len(self.cloud.made))
        self.assertEqual(1, len(self.remembered()))

    def test_another_user_is_another(self):
        self.die(*BOOT, "web")
        self.nova.run("--os-username", "eve", "--x-client-token", *BOOT, "web")
        self.assertEqual(2, len(set(self.sent())))
        self.assertEqual(1, len(self.remembered()))

    def test_debug_does_not_make_it_another(self):
        self.die(*STOP)
        again = self.nova.run("--debug", "--x-client-token", *STOP)
        self.assertEqual(1, len(set(self.sent())))
        self.assertNotIn(self.sent()[0], again.stderr)

    def test_content_of_files_counts(self):
        file = self.nova.login.home / "user-data"
        file.write_text("one")
        words = (*BOOT, "--user-data", str(file), "web")
        self.die(*words)
        file.write_text("two")
        self.assertEqual(0, self.bare(*words).status)
        self.assertEqual(2, len(set(self.sent())))
        file.write_text("one")
        self.assertIn("given before", self.bare(*words).stderr)
        self.assertEqual(2, len(self.cloud.made))

    def test_second_of_two_posts(self):
        command = (*STOP, OTHER_SERVER)
        self.cloud.losses = [None]
        first = self.nova.start("--x-client-token", *command)
        self.cloud.losses = [None, Loss.HELD]
        self.addCleanup(first.communicate)
        self.assertTrue(self.cloud.held.wait(60))
        first.kill()
        first.wait(60)
        self.cloud.let_go.set()
        again = self.bare(*command)
        self.assertEqual(0, again.status, again.stderr)
        self.assertEqual(2, len(self.cloud.made))
        self.assertEqual(2, len(set(self.sent())))
        self.assertEqual([], self.remembered())

    def test_at_random_points(self):
        """Whenever it is killed: run again, it ends with one server each."""
        for number in range(6):
            command = self.nova.start("--x-client-token", *BOOT, f"r{number}")
            time.sleep(0.7 + number * 0.25)  # where it is then is chance
            command.kill()
            command.communicate()
            if len(self.cloud.made) > number and not self.remembered():
                continue  # it had its answer: run again, it is another boot
            again = self.bare(*BOOT, f"r{number}")
            self.assertEqual(0, again.status, again.stderr)
        self.assertEqual(6, len(self.cloud.made))
        self.assertEqual([], self.remembered())


class BackgroundTest(RememberingTest):
    def test_five_equal_boots_make_five_servers(self):
        self.cloud.losses = [Loss.HELD] * 5
        running = [
            self.nova.start("--x-client-token", *BOOT, "web")
            for _ in range(5)
        ]
        deadline = time.monotonic() + 80
        while len(self.sent()) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.cloud.let_go.set()
        for command in running:
            self.assertEqual("", command.communicate(timeout=60)[1].replace(
                "nova CLI is deprecated and will be removed in a future "
                "release\n", ""))  # fmt: skip
        self.assertEqual(5, len(set(self.sent())))
        self.assertEqual(5, len(self.cloud.made))
        self.assertEqual([], self.remembered())


@ddt.ddt
class UnansweredTest(RememberingTest):
    """The command lives on, but gets no answer to rely on."""

    def test_interrupted(self):
        self.cloud.losses = [Loss.HELD]
        command = self.nova.start("--x-client-token", *STOP)
        self.assertTrue(self.cloud.held.wait(60))
        command.send_signal(signal.SIGINT)
        errors = command.communicate(timeout=60)[1]
        self.assertIn("no answer came. Run the same command again", errors)
        self.assertEqual(1, len(self.remembered()))

    def test_safe_to_run_again(self):
        self.cloud.losses = list(LOST)
        outcome = self.bare(*STOP)
        (name,) = self.remembered()
        self.assertIn(
            "no answer came (it was sent 3 times). Run the same command "
            f"again: it is safe, because it uses the same client token. "
            f"(remembered as {name})",
            outcome.stderr,
        )
        self.assertEqual(0, self.bare(*STOP).status)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_look_first(self):
        for options in ({"retry_safe": False}, {"knows_tokens": False}):
            self.start(Cloud(losses=LOST, **options))
            outcome = self.bare(*STOP)
            (name,) = self.remembered()
            self.assertIn(
                f"Look first what it did: 'nova client-token-show {name}'",
                outcome.stderr,
            )
            self.assertNotIn("it is safe", outcome.stderr)

    def test_no_connection_is_nothing_to_remember(self):
        nowhere = f"http://127.0.0.1:{clouds.unused_port()}"
        outcome = self.nova.run(
            "--os-endpoint-override", nowhere, "--os-compute-api-version",
            "2.1", "--x-client-token", *STOP,
        )  # fmt: skip
        self.assertEqual([], self.remembered())
        self.assertEqual(1, outcome.status)

    def test_refusal_is_an_answer(self):
        self.start(Cloud(refusal=409))
        self.bare(*STOP)
        self.assertEqual([], self.remembered())

    def test_refusal_after_an_open_try_is_none(self):
        self.cloud.losses = [Loss.REQUEST, Spoken(409, "executed")]
        outcome = self.bare(*STOP)
        self.assertEqual(1, len(self.remembered()))
        self.assertIn("is not sure (HTTP 409, executed)", outcome.stderr)
        self.assertIn("Look first", outcome.stderr)

    @ddt.data(
        (412, "expired"), (403, "forbidden"), (500, "failed"),
        (409, "unknown"), (409, "answer-lost"),
    )  # fmt: skip
    @ddt.unpack
    def test_states_after_which_to_look(self, status, state):
        self.start(Cloud(losses=(Spoken(status, state),)))
        outcome = self.bare(*STOP)
        self.assertEqual(1, len(self.remembered()))
        self.assertIn("Look first", outcome.stderr)

    @ddt.data(
        (500, "interrupted"), (409, "taken-over"), (503, "unavailable"),
        (429, "too-many"), (409, "running"),
    )  # fmt: skip
    @ddt.unpack
    def test_states_after_which_to_run_it_again(self, status, state):
        self.start(Cloud(losses=(Spoken(status, state),) * 3))
        outcome = self.bare(*STOP)
        self.assertIn(f"the answer is HTTP {status}, {state}", outcome.stderr)
        self.assertIn("again: it is safe", outcome.stderr)
        self.assertEqual(0, self.bare(*STOP).status)
        self.assertEqual([], self.remembered())

    def test_remembered_request_that_differs_is_kept(self):
        self.cloud.losses = list(LOST)
        self.bare(*STOP)
        self.cloud.losses = [Spoken(422, "different")]
        outcome = self.bare(*STOP)
        self.assertIn("another microversion", outcome.stderr)
        self.assertIn("Look first", outcome.stderr)
        self.assertEqual(1, len(self.remembered()))

    def test_name_that_means_another_resource_now(self):
        self.cloud.losses = list(LOST)
        self.cloud.names["web"] = SERVER
        self.bare("stop", "web")
        self.cloud.names["web"] = OTHER_SERVER
        outcome = self.bare("stop", "web")
        self.assertIn("perhaps a name in it means another", outcome.stderr)
        self.assertEqual(1, outcome.status)
        self.assertEqual(1, len(set(self.sent())))
        self.assertEqual(1, len(self.remembered()))

    def test_token_that_cannot_be_written_down(self):
        (self.nova.login.state).mkdir(parents=True)
        (self.nova.login.state / "entries").write_text("no folder")
        outcome = self.bare(*STOP)
        self.assertIn("the request was not sent: ", outcome.stderr)
        self.assertIn("cannot be written", outcome.stderr)
        self.assertNotIn("no answer came", outcome.stderr)
        self.assertEqual([], self.sent())

    def test_answer_that_cannot_be_written_down(self):
        """It is an answer all the same."""
        entries_ = self.nova.login.state / "entries"
        self.cloud.losses = [Loss.HELD]
        command = self.nova.start("--x-client-token", *STOP)
        self.assertTrue(self.cloud.held.wait(60))
        kept = entries_.rename(entries_.with_name("kept"))
        entries_.write_text("no folder")
        self.cloud.let_go.set()
        errors = command.communicate(timeout=60)[1]
        self.assertEqual(0, command.returncode, errors)
        self.assertEqual(1, len(list(kept.iterdir())))

    def test_state_folder_that_cannot_be_written(self):
        self.nova.login.state.parent.mkdir(parents=True)
        self.nova.login.state.write_text("a file in its place")
        outcome = self.bare(*STOP)
        self.assertIn("nothing was sent", outcome.stderr)
        self.assertIn("XDG_STATE_HOME", outcome.stderr)
        self.assertEqual([], self.sent())


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
        self.assertIn("sent 3 times, last: no answer", outcome.stdout)
        self.assertIn("state: succeeded", outcome.stdout)
        self.assertIn(f"server {SERVER}", outcome.stdout)
        self.assertNotIn(self.sent()[0], outcome.stdout)

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
        for options, words in (
            ({}, "yes yes 86400"), ({"retry_safe": False}, "yes no 86400"),
            ({"knows_tokens": False}, "no no unknown"),
        ):  # fmt: skip
            self.start(Cloud(**options))
            outcome = self.nova.run("client-token-status")
            values = re.findall(r"\| (yes|no|86400|unknown) +\|",
                                outcome.stdout)  # fmt: skip
            self.assertEqual(words, " ".join(values), outcome.stdout)


class SecrecyTest(RememberingTest):
    def test_nothing_of_the_command_is_on_disk(self):
        self.cloud.losses = list(LOST)
        self.bare(*BOOT, "--meta", "password=s3cret", "web")
        state = self.nova.login.state
        (name,) = self.remembered()
        text = (state / "entries" / f"{name}.json").read_text()
        for secret in ("s3cret", "web", IMAGE, self.sent()[0], "demo"):
            self.assertNotIn(secret, text)
        entry = entries.Entry.loads(text)
        self.assertEqual("file", entry.vault)

    def test_all_files_are_the_users_alone(self):
        self.cloud.losses = list(LOST)
        self.bare(*STOP)
        files = [p for p in self.nova.login.state.rglob("*") if p.is_file()]
        self.assertEqual({0o600}, {p.stat().st_mode & 0o777 for p in files})
        self.assertIn(
            self.sent()[0],
            {p.read_text() for p in files if p.parent.name == "secrets"},
        )
