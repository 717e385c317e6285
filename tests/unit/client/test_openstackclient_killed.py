# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment, the openstack command goes on when it is run again."""

from __future__ import annotations

import time

from tests.unit.client.openstackclient import BOOT
from tests.unit.client.openstackclient import GROUP
from tests.unit.client.openstackclient import OpenStackTest
from tests.unit.client.openstackclient import STOP


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
        told = self.cloud.together(
            lambda: self.openstack.start("--os-client-token", *GROUP, "web"), 5
        )
        self.assertEqual([""] * 5, told)
        self.assertEqual(5, len(set(self.sent())))
        self.assertEqual([], self.remembered())
