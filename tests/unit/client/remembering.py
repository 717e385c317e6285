# SPDX-License-Identifier: Apache-2.0
"""The nova command without a token's value, which it remembers."""

from __future__ import annotations

import signal

from openstack_idempotency_client import journal
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import SERVER
from tests.unit.client.novaclient import CommandLineTest
from tests.unit.client.wire import Loss
from tests.unit.client.wire import SOON

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
        self.assertTrue(self.cloud.held.wait(SOON))
        command.kill()
        self.assertEqual(-signal.SIGKILL, command.wait(SOON))
        self.cloud.let_go.set()

    def remembered(self):
        return self.nova.login.entries()

    def journal(self):
        return journal.Journal(self.nova.login.state)
