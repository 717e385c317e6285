# SPDX-License-Identifier: Apache-2.0
"""Commands whose POST is answered, but not the questions around it."""

from __future__ import annotations

import ddt

from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import IMAGE
from tests.unit.client.novaclient import CommandLineTest
from tests.unit.client.openstackclient import BOOT as OPENSTACK_BOOT
from tests.unit.client.openstackclient import OpenStackTest
from tests.unit.client.wire import Gateway
from tests.unit.client.wire import Loss

BOOT = ("--x-client-token", "boot", "--flavor", "1", "--image", IMAGE,
        "--nic", "none", "web")  # fmt: skip
LOSSES = (Loss.ANSWER, Loss.HALF, Loss.HALF_HEAD, Gateway(502), Gateway(503),
          Gateway(500))  # fmt: skip


@ddt.ddt
class NovaTest(CommandLineTest):
    @ddt.data(*LOSSES)
    def test_after_the_post(self, loss):
        """What was made is made; the same command again tells what it is."""
        self.cloud.lost_reads = {"/servers/": loss}
        first = self.nova.run(*BOOT)
        self.assertEqual(1, first.status)
        self.assertIn("was done, but a later request", first.stderr)
        self.assertIn("Run the same command again: it is safe", first.stderr)
        self.cloud.lost_reads = {}
        again = self.nova.run(*BOOT)
        self.assertEqual(0, again.status, again.stderr)
        self.assertIn("first-pass", again.stdout)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual([], self.nova.login.entries())

    @ddt.data(*LOSSES)
    def test_before_the_post(self, loss):
        self.cloud.lost_reads = {"/flavors/": loss}
        outcome = self.nova.run(*BOOT)
        self.assertEqual(1, outcome.status)
        self.assertIn("it has changed nothing", outcome.stderr)
        self.assertIn("again later: it is safe", outcome.stderr)
        self.assertEqual([], self.cloud.posts())

    def test_refused_question(self):
        """A name that means nothing is no reason to run it again."""
        self.cloud.lost_reads = {"/flavors": Gateway(404)}
        outcome = self.nova.run(*BOOT)
        self.assertEqual(1, outcome.status)
        self.assertNotIn("it is safe", outcome.stderr)

    def test_half_of_the_head_is_no_answer(self):
        """Python takes it for an answer without headers."""
        self.cloud.losses = [Loss.HALF_HEAD]
        outcome = self.nova.run(*BOOT)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertEqual(2, len(self.sent()))
        self.assertEqual(1, len(self.cloud.made))

    def test_half_of_the_head_on_a_cloud_that_promises_nothing(self):
        self.start(Cloud(retry_safe=False, losses=(Loss.HALF_HEAD,)))
        outcome = self.nova.run(*BOOT)
        self.assertIn("Look first", outcome.stderr)
        self.assertIn("Half of the answer was lost", outcome.stderr)
        self.assertEqual(1, len(self.nova.login.entries()))
        self.assertEqual(1, len(self.sent()))

    def test_success_without_a_state_where_each_host_has_one(self):
        self.cloud.losses = [Gateway(202)]
        outcome = self.nova.run(*BOOT)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertEqual(2, len(self.sent()))

    def test_no_look_up_and_no_answer(self):
        """The cloud may keep tokens, and the same command finds it out."""
        self.cloud.losses = [Gateway(503)] * 3
        self.cloud.lookup_losses = [Gateway(503)] * 9
        outcome = self.nova.run(*BOOT)
        self.assertIn("the cloud did not say", outcome.stderr)
        self.assertIn(
            "Run the same command again when the cloud answers: it is safe",
            outcome.stderr,
        )
        self.assertNotIn("Look first", outcome.stderr)
        self.cloud.lookup_losses = []
        self.assertEqual(0, self.nova.run(*BOOT).status)
        self.assertEqual(1, len(self.cloud.made))

    def test_no_look_up_and_a_cloud_without_tokens(self):
        self.start(Cloud(knows_tokens=False, losses=(Loss.ANSWER,)))
        self.cloud.lookup_losses = [Gateway(503)] * 9
        self.nova.run(*BOOT)
        self.cloud.lookup_losses = []
        again = self.nova.run(*BOOT)
        self.assertIn("nothing was sent", again.stderr)
        self.assertIn("Look first", again.stderr)
        self.assertEqual(1, len(self.cloud.made))


@ddt.ddt
class OpenStackQuestionsTest(OpenStackTest):
    @ddt.data(*LOSSES)
    def test_after_the_post(self, loss):
        self.cloud.lost_reads = {"/servers/": loss}
        first = self.bare(*OPENSTACK_BOOT, "--wait", "web")
        self.assertEqual(1, first.status, first.stderr)
        self.assertIn("Run the same command again: it is safe", first.stderr)
        self.cloud.lost_reads = {}
        again = self.bare(*OPENSTACK_BOOT, "--wait", "web")
        self.assertIn("given before", again.stderr)
        self.assertEqual(1, len(self.cloud.made))

    @ddt.data(*(loss for loss in LOSSES if loss is not Loss.HALF_HEAD))
    def test_before_the_post(self, loss):
        self.cloud.lost_reads = {"/flavors": loss}
        outcome = self.bare(*OPENSTACK_BOOT, "web")
        self.assertEqual(1, outcome.status)
        self.assertIn("it has changed nothing", outcome.stderr)
        self.assertEqual([], self.cloud.posts())
