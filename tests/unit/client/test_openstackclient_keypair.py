# SPDX-License-Identifier: Apache-2.0
"""A private key that the openstack command makes is not lost with it."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization

from tests.unit.client.openstackclient import OpenStackTest
from tests.unit.client.openstackclient import STOP

MEMORY_KEYRING = "tests.unit.client.keyring_of_test.Keyring"


class KeypairTest(OpenStackTest):
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
