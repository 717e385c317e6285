# SPDX-License-Identifier: Apache-2.0
"""Protocol section 4: hosts with other secrets are found out."""

from __future__ import annotations

import logging

import fixtures

from nova.conf import CONF
from nova.idempotency import chores
from nova.idempotency import service
from openstack_idempotency.protocol import digest
from openstack_idempotency.sql import strangers
from testing.nova import base


def key_id(secret):
    return digest.key_id(secret.encode())


class Differ(base.Mixin):
    """Two hosts on one database."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(
            fixtures.FakeLogger(strangers.__name__, level=logging.INFO)
        )

    def host(self, name, *secrets):
        """Return the service of a host with these secrets."""
        self.flags(host=name)
        self.configure(secret=list(secrets))
        return service.build(CONF)

    def said(self, host):
        """Return what a host logs when it looks, line by line."""
        before = len(self.log.output)
        host._chores.do()
        return self.log.output[before:].splitlines()

    def served_by(self, name, *secrets):
        """Let the API be on a host with these secrets from now on."""
        self.flags(host=name)
        self.configure(secret=list(secrets))
        self.start_api()

    def test_a_host_with_another_secret_is_named(self):
        self.served_by("host1", base.SECRET)
        self.boot("t")
        host2 = self.host("host2", base.OTHER_SECRET)
        strangers, living = self.said(host2)
        for part in ("host1", key_id(base.SECRET), key_id(base.OTHER_SECRET)):
            self.assertIn(part, strangers)
        self.assertIn("Give all API hosts the same secrets", strangers)
        self.assertIn("1 unexpired client tokens", living)
        self.assertIn(key_id(base.SECRET), living)
        # The first is wrong as long as it is so, the second was told.
        self.assertEqual([strangers], self.said(host2))
        for secret in (base.SECRET, base.OTHER_SECRET):
            self.assertNotIn(secret, self.log.output)
        self.assertEqual([], self.said(self.host("host1", base.SECRET)))

    def test_each_of_the_two_finds_the_other(self):
        for name, secret in (
            ("host1", base.SECRET),
            ("host2", base.OTHER_SECRET),
        ):
            self.served_by(name, secret)
            self.boot("t")
        # What the log is for: one token made two servers.
        self.assertEqual(2, len(self.servers()))
        for name, secret, other in (
            ("host1", base.SECRET, "host2"),
            ("host2", base.OTHER_SECRET, "host1"),
        ):
            strangers, _ = self.said(self.host(name, secret))
            self.assertIn(other, strangers)
            self.assertNotIn(f"Host {name}", strangers)

    def test_a_secret_that_is_listed_is_no_stranger(self):
        self.served_by("host1", base.SECRET, base.OTHER_SECRET)
        self.boot("t1")
        self.served_by("host2", base.OTHER_SECRET, base.SECRET)
        self.boot("t2")
        for name in ("host1", "host2"):
            host = self.host(name, base.SECRET, base.OTHER_SECRET)
            self.assertEqual([], self.said(host))

    def test_living_tokens_of_a_secret_that_was_taken_out(self):
        self.served_by("host1", base.SECRET)
        for token in ("t1", "t2", "t3"):
            self.boot(token)
        self.change(created_at=0)  # long ago
        host = self.host("host1", base.OTHER_SECRET)
        (living,) = self.said(host)
        self.assertIn("3 unexpired client tokens", living)
        self.assertIn(key_id(base.SECRET), living)
        self.assertIn(key_id(base.OTHER_SECRET), living)
        self.assertEqual([], self.said(host))
        self.change(expires_at=1)
        self.assertEqual([], self.said(host))

    def test_the_first_request_of_any_kind_starts_to_look(self):
        started = self.useFixture(
            fixtures.MockPatchObject(chores.Chores, "ensure")
        ).mock
        started.assert_not_called()
        self.servers()
        started.assert_called_with()


globals().update(base.on_each_database(Differ))
