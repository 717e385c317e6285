# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys

import testtools

import openstack_idempotency_client.novaclient

DISTRIBUTION = "openstack-idempotency-client"


class PackagingTest(testtools.TestCase):
    def test_novaclient_finds_the_extension(self):
        (found,) = importlib.metadata.distribution(
            DISTRIBUTION
        ).entry_points.select(group="novaclient.extension")
        self.assertIs(openstack_idempotency_client.novaclient, found.load())

    def test_nova_is_not_required(self):
        required = importlib.metadata.requires(DISTRIBUTION) or ()
        names = {re.split("[^a-z0-9-]", line)[0] for line in required}
        core = {"filelock", "keyring", "keystoneauth1", "platformdirs"}
        clients = {
            "cryptography",
            "openstacksdk",
            "python-novaclient",
            "python-openstackclient",
        }
        self.assertEqual(core | clients, names)

    def test_nova_is_not_imported(self):
        code = (
            "import sys, openstack_idempotency_client.novaclient\n"
            "sys.exit('nova' in sys.modules)"
        )
        self.assertEqual(
            0,
            subprocess.run(
                [sys.executable, "-c", code], check=False
            ).returncode,
        )
