# SPDX-License-Identifier: Apache-2.0
"""The nova command without a token's value, killed and run again."""

from __future__ import annotations

import time

from openstack_idempotency_client import entry as entries
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import OTHER_SERVER
from tests.unit.client.remembering import BOOT
from tests.unit.client.remembering import LOST
from tests.unit.client.remembering import RememberingTest
from tests.unit.client.remembering import STOP
from tests.unit.client.wire import Gateway
from tests.unit.client.wire import Loss
from tests.unit.client.wire import SOON


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
        self.assertTrue(self.cloud.held.wait(SOON))
        first.kill()
        first.wait(SOON)
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
        told = self.cloud.together(
            lambda: self.nova.start("--x-client-token", *BOOT, "web"), 5
        )
        for text in told:
            self.assertEqual("", text.replace(
                "nova CLI is deprecated and will be removed in a future "
                "release\n", ""))  # fmt: skip
        self.assertEqual(5, len(set(self.sent())))
        self.assertEqual(5, len(self.cloud.made))
        self.assertEqual([], self.remembered())


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
