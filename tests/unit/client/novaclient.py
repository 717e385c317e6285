# SPDX-License-Identifier: Apache-2.0
"""The nova command, and what it sends."""

from __future__ import annotations

import fixtures
import testtools

from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import IMAGE
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
