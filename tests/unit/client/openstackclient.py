# SPDX-License-Identifier: Apache-2.0
"""The stock openstack command, which tests start and kill."""

from __future__ import annotations

import signal

import testtools

from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import SERVER
from tests.unit.client.shell import OpenStackCommand
from tests.unit.client.wire import Loss
from tests.unit.client.wire import SOON

GROUP = ("server", "group", "create", "--policy", "affinity")
STOP = ("server", "stop", SERVER)
BOOT = ("server", "create", "--flavor", "1", "--image", IMAGE, "--network",
        "none")  # fmt: skip


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
        self.assertTrue(self.cloud.held.wait(SOON))
        command.kill()
        self.assertEqual(-signal.SIGKILL, command.wait(SOON))
        self.cloud.let_go.set()

    def assert_succeeded(self, outcome):
        self.assertEqual(0, outcome.status, outcome.stderr)
