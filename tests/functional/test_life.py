# SPDX-License-Identifier: Apache-2.0
"""Protocol section 6: the token of a server lives as long as the server."""

from __future__ import annotations

import email.utils

from nova import context
from nova import objects
from nova.compute import api as compute_api
from nova.conf import CONF
from nova.db.idempotency import kinds
from nova.idempotency import service
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.sql import purge
from openstack_idempotency.sql import tables
from testing.nova import base

_HOUR = 3600
_TTL = 24 * _HOUR
# A process may tell the end late by as long as it took to ask for the time:
# by seconds, on a busy machine.
_MORE = 60


class Life(base.Mixin):
    """Casts are dropped: servers stay as the API has made them."""

    def setUp(self):
        super().setUp()
        self.tokens = service.build(CONF).tokens

    def walk(self):
        walked = self.tokens.walk(kinds.LASTING, 0, 100)
        return walked.gone, walked.back

    def row(self):
        (row,) = self.rows()
        return row

    def restore(self, server):
        """Do to its mapping what Nova does when a server is restored."""
        compute_api.API._update_queued_for_deletion(
            context.get_admin_context(), server, False
        )

    def past(self, seconds):
        """Let time pass, for all that is in the table."""
        row = self.row()
        shifted = {
            name: getattr(row, name) - seconds * 1000
            for name in ("created_at", "lease_until", "expires_at",
                         "answer_until", "gone_at")
            if getattr(row, name) not in (None, FOREVER)
        }  # fmt: skip
        self.change(**shifted)

    def test_after_its_life_it_is_rebuilt_as_long_as_a_server_is_there(self):
        first = self.boot("t", min_count=2)
        self.past(_TTL + _MORE)
        purged = False
        for _ in range(2):
            again = self.boot("t", min_count=2)
            self.assertEqual("rebuilt", again.headers["X-Client-Token-State"])
            self.assertEqual(
                first.json()["server"]["id"], again.json()["server"]["id"]
            )
            purged = purged or self.tokens.strip(10).done == 1
        self.assertTrue(purged)
        self.assertIsNone(self.row().sealed)
        self.api.delete_server(self.servers()[0])
        self.assertEqual((0, 0), self.walk())
        self.assertEqual(FOREVER, self.row().expires_at)

    def test_it_ends_a_life_after_its_last_server_was_seen_to_be_gone(self):
        self.boot("t", min_count=2)
        self.past(3 * _TTL)
        for server in self.servers():
            self.api.delete_server(server)
        self.assertEqual((1, 0), self.walk())
        marked = self.row()
        self.assertEqual(_TTL * 1000, marked.expires_at - marked.gone_at)
        lost = self.boot("t", min_count=2)
        self.assert_fault(lost, 409, "")
        self.assertEqual("answer-lost", lost.headers["X-Client-Token-State"])
        self.past(_TTL + purge.KEPT // 1000 + _MORE)
        self.assertEqual((0, 0), self.walk())
        self.assertEqual(1, self.tokens.purge(10).done)
        self.assertEqual([], self.rows(tables.RESOURCES))

    def test_a_restored_server_counts_again(self):
        server = self.boot("t").json()["server"]["id"]
        self.api.delete_server(server)
        self.assertEqual((1, 0), self.walk())
        self.restore(server)
        self.assertEqual((0, 1), self.walk())
        self.past(3 * _TTL)
        self.assertEqual(0, self.tokens.purge(10).done)
        self.assertEqual(FOREVER, self.row().expires_at)

    def test_one_whose_mapping_is_archived_is_gone(self):
        server = self.boot("t").json()["server"]["id"]
        admin = context.get_admin_context()
        objects.InstanceMapping.get_by_instance_uuid(admin, server).destroy()
        self.assertEqual((1, 0), self.walk())

    def test_until_when_it_lives_is_told_as_a_lower_bound(self):
        self.boot("t")
        self.past(_TTL + _MORE)
        told = self.boot("t").headers["X-Client-Token-Expires"]
        ends = email.utils.parsedate_to_datetime(told).timestamp() * 1000
        left = ends - self.row().created_at
        self.assertLessEqual(2 * _TTL * 1000 - 1000, left)

    def test_the_token_of_anything_else_does_not_last(self):
        self.generate("key", "t")
        self.assertLess(self.row().expires_at, FOREVER)
        self.assertEqual((0, 0), self.walk())
        self.past(_TTL + purge.KEPT // 1000 + _MORE)
        self.assertEqual(1, self.tokens.purge(10).done)
        self.assertEqual([], self.rows(tables.RESOURCES))


globals().update(base.on_each_database(Life))
