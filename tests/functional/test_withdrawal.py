# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: who takes a server, on each database."""

from __future__ import annotations

import contextlib
import json

import sqlalchemy as sa

from nova import context
from nova import objects
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.idempotency import withdrawal
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from testing.nova import base
from tests.functional import withdrawing

_MAPPINGS = api_models.InstanceMapping.__table__


class Waiting(withdrawing.Withdrawing):
    """Casts to the conductor are dropped, and tests stand for it."""

    def conductor_takes(self, server):
        """Do what the conductor does in the API database to take one."""
        admin = context.get_admin_context()
        mapping = objects.InstanceMapping.get_by_instance_uuid(admin, server)
        mapping.cell_mapping = self.cell_mappings["cell1"]
        mapping.save()
        request = objects.BuildRequest.get_by_instance_uuid(admin, server)
        request.destroy()

    def mappings(self):
        """Return whether each server's mapping is queued for deletion."""
        columns = _MAPPINGS.c.instance_uuid, _MAPPINGS.c.queued_for_delete
        with api_db.get_engine().connect() as connection:
            return dict(connection.execute(sa.select(*columns)).all())


class Decisions(Waiting):
    """Whoever deletes the BuildRequest decides."""

    def test_all_of_them_are_withdrawn(self):
        servers = self.asked_for(min_count=3)
        done = self.withdraw(servers)
        self.assertIs(Fate.WITHDRAWN, done.fate)
        self.assertEqual(sorted(servers), [one.id for one, _ in done.todos])
        self.assertEqual([], self.build_requests())
        self.assertEqual([], self.servers())
        self.assertEqual(dict.fromkeys(servers, True), self.mappings())

    def test_others_are_left_alone(self):
        (other,) = self.asked_for()
        (server,) = self.asked_for()
        self.withdraw([server])
        self.assertEqual([other], self.build_requests())
        self.assertEqual({other: False, server: True}, self.mappings())

    def test_one_that_the_conductor_has_taken(self):
        for which in range(3):
            servers = self.asked_for(min_count=3)
            self.conductor_takes(servers[which])
            before = self.build_requests(), self.mappings()
            self.assertEqual(withdrawal.KEPT, self.withdraw(servers))
            self.assertEqual(before, (self.build_requests(), self.mappings()))

    def test_one_whose_mapping_the_conductor_has_deleted(self):
        servers = self.asked_for(min_count=2)
        self.api.delete_server(servers[0])
        admin = context.get_admin_context()
        objects.InstanceMapping.get_by_instance_uuid(
            admin, servers[0]
        ).destroy()
        self.assertEqual(withdrawal.KEPT, self.withdraw(servers))
        self.assertEqual([servers[1]], self.build_requests())

    def test_one_that_its_user_deleted(self):
        servers = self.asked_for(min_count=3)
        self.api.delete_server(servers[1])
        done = self.withdraw(servers)
        self.assertIs(Fate.DELETED, done.fate)
        left = sorted([servers[0], servers[2]])
        self.assertEqual(left, [one.id for one, _ in done.todos])
        self.assertEqual([], self.build_requests())
        self.assertEqual(dict.fromkeys(servers, True), self.mappings())

    def test_all_were_deleted_by_their_user(self):
        servers = self.asked_for(min_count=2)
        for server in servers:
            self.api.delete_server(server)
        expected = Withdrawn(Fate.DELETED)
        self.assertEqual(expected, self.withdraw(servers))

    def test_to_withdraw_again_finds_them_deleted(self):
        servers = self.asked_for()
        self.withdraw(servers)
        expected = Withdrawn(Fate.DELETED)
        self.assertEqual(expected, self.withdraw(servers))

    def test_it_locks_in_the_order_of_the_conductor(self):
        # Of two in a deadlock MariaDB breaks off the conductor, which has
        # changed fewer rows; another order than its own made one in thirty.
        deletions = []

        def note(connection, cursor, statement, *args):
            if statement.startswith("DELETE FROM build_requests"):
                deletions.append(statement)

        for engine in {api_db.get_engine(), self.runner.connections.engine()}:
            hook = engine, "before_cursor_execute", note
            sa.event.listen(*hook)
            self.addCleanup(sa.event.remove, *hook)
        self.conductor_takes(self.asked_for()[0])
        self.withdraw(self.asked_for())
        self.assertEqual(2, len(deletions))
        self.assertEqual(1, len(set(deletions)))

    def test_a_withdrawal_that_is_rolled_back_never_was(self):
        servers = self.asked_for(min_count=2)
        transaction = self.runner.connections.transaction()
        with contextlib.suppress(base.Died), transaction as connection:
            withdrawal.withdraw(connection, self.bound(servers))
            raise base.Died
        self.assertEqual(servers, self.build_requests())
        self.assertEqual(dict.fromkeys(servers, False), self.mappings())

    def test_what_is_to_be_undone_names_attachments_and_no_volume(self):
        (server,) = self.asked_for(**self.with_a_volume())
        ((named, todo),) = self.withdraw([server]).todos
        self.assertEqual(server, named.id)
        (attachment,) = self.attached()[server]
        expected = {"server": server, "attachments": [attachment]}
        self.assertEqual(expected, json.loads(todo))


class Races(Waiting):
    """Another one commits while a withdrawal is under way."""

    def withdraw_while(self, happens, servers):
        """Withdraw; something happens before the last deletion."""
        engine = self.runner.connections.engine()
        left = len(servers)

        def intervene(connection, cursor, statement, *args):
            nonlocal left
            if "DELETE FROM build_requests" not in statement:
                return
            left -= 1
            if left == 0:
                happens()

        hook = engine, "before_cursor_execute", intervene
        sa.event.listen(*hook)
        self.addCleanup(sa.event.remove, *hook)
        return self.withdraw(servers)

    def test_the_conductor_takes_the_last_one(self):
        servers = self.asked_for(min_count=3)
        last = max(servers)
        done = self.withdraw_while(lambda: self.conductor_takes(last), servers)
        self.assertEqual(withdrawal.KEPT, done)
        kept = [one for one in servers if one != last]
        self.assertEqual(kept, self.build_requests())
        self.assertEqual(dict.fromkeys(servers, False), self.mappings())

    def test_a_user_deletes_the_last_one(self):
        servers = self.asked_for(min_count=3)
        last = max(servers)
        done = self.withdraw_while(
            lambda: self.api.delete_server(last), servers
        )
        self.assertIs(Fate.DELETED, done.fate)
        self.assertEqual(
            sorted(servers)[:2], [one.id for one, _ in done.todos]
        )
        self.assertEqual([], self.build_requests())

    def test_nobody_waits_for_a_withdrawal_under_way(self):
        for servers in ([], self.asked_for(min_count=2)):
            with self.runner.connections.transaction() as connection:
                done = withdrawal.withdraw(connection, self.bound(servers))
                self.assertEqual(len(servers), len(done.todos))
                # A worker that is stopped here keeps nobody waiting.
                (other,) = self.asked_for()
                self.conductor_takes(other)
                self.api.delete_server(self.asked_for()[0])


globals().update(base.on_each_database(Decisions))
# SQLite has one writer at a time.
globals().update(base.on_each_database(Races, ("mysql", "postgresql")))
