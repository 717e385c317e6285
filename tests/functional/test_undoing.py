# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: what a withdrawal undoes, though its worker dies."""

from __future__ import annotations

import http.server
import socket
import threading
from unittest import mock

import fixtures
from keystoneauth1 import exceptions as keystone_exc
from oslo_db import exception as db_exc

from nova import context
from nova import objects
from nova.idempotency import undoing
from nova.scheduler.client import report
from nova.tests.functional import fixtures as func_fixtures
from nova.volume import cinder
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import transaction
from testing.nova import base
from tests.functional import building
from tests.functional import withdrawing

# As it is before Nova's fixture replaces it.
_ATTACHMENT_DELETE = cinder.API.attachment_delete


class Undoing(building.Building, base.TestCase):
    """Undone is what Nova's API did before the cast, and no more."""

    def setUp(self):
        super().setUp()
        group = {"name": "g", "policy": "affinity"}
        answer = self.post("/os-server-groups", {"server_group": group})
        self.group = answer.json()["server_group"]["id"]
        (self.asked,) = self.asked_for(self.group, **self.with_a_volume())

    def withdrawn_between_the_loops(self):
        """Withdraw, with a record and allocations; return what is to undo.

        Nothing of it is undone, and the conductor is gone.
        """
        done = []

        def withdraw_and_die():
            done.append(self.withdraw([self.asked]))
            raise RuntimeError("the conductor's host is gone")

        self.stops.before(
            withdraw_and_die, name="ComputeTaskManager._map_instance_to_cell"
        )
        self.deliver()
        self.assertNotEqual([], self.records(self.asked))
        self.assertNotEqual({}, self.allocations(self.asked))
        self.assertIn(self.asked, self.attached())
        ((_, todo),) = done[0].todos
        return todo

    def undo_again(self, todo):
        undoing.undo(self.caller(), self.runner, todo)
        self.assert_nothing_is_left(self.asked)
        self.assertEqual([], self.volumes_deleted)

    def test_all_of_it(self):
        todo = self.withdrawn_between_the_loops()
        for _ in range(2):
            self.undo_again(todo)
        answer = self.api.api_request(f"/os-server-groups/{self.group}")
        self.assertEqual([], answer.json()["server_group"]["members"])

    def test_the_volume_can_be_used_again(self):
        fields = self.with_a_volume()
        (server,) = self.asked_for(**fields)
        self.withdraw_and_undo([server])
        (other,) = self.asked_for(**fields)
        self.assertEqual({self.asked, other}, self.attached().keys())

    def test_a_worker_that_dies_after_each_step(self):
        for count in range(len(undoing._STEPS) + 1):
            todo = self.withdrawn_between_the_loops()
            with self.dying_after(count):
                self.assertRaises(
                    base.Died, undoing.undo, self.caller(), self.runner, todo
                )
            self.undo_again(todo)
            (self.asked,) = self.asked_for(self.group, **self.with_a_volume())

    def dying_after(self, count):
        def die(ctxt, left):
            raise base.Died

        steps = (*undoing._STEPS[:count], die)
        return fixtures.MonkeyPatch("nova.idempotency.undoing._STEPS", steps)

    def test_a_service_that_does_not_answer(self):
        placement = report.SchedulerReportClient
        down = (
            (placement, "delete", keystone_exc.ConnectFailure()),
            (placement, "delete", keystone_exc.EndpointNotFound()),
            (placement, "delete", keystone_exc.Unauthorized()),
            (placement, "delete", keystone_exc.GatewayTimeout()),
            (objects.InstanceList, "get_by_filters", db_exc.DBDeadlock),
            (objects.CellMappingList, "get_all", db_exc.DBConnectionError),
            (objects.Instance, "destroy", db_exc.DBDeadlock),
            (transaction.Runner, "transaction", errors.Unavailable),
        )
        for owner, name, error in down:
            todo = self.withdrawn_between_the_loops()
            with mock.patch.object(owner, name, side_effect=error) as called:
                self.assert_unavailable(todo)
            called.assert_called()
            self.undo_again(todo)
            (self.asked,) = self.asked_for(self.group, **self.with_a_volume())

    def test_a_cell_that_is_away_keeps_nobody_waiting(self):
        todo = self.withdrawn_between_the_loops()
        away = db_exc.DBConnectionError()
        with mock.patch.object(
            objects.InstanceList, "get_by_filters", side_effect=away
        ):
            undoing.undo(self.caller(), self.runner, todo)
        # What the conductor made there is removed later.
        self.undo_again(todo)

    def assert_unavailable(self, todo):
        self.assertRaises(
            errors.Unavailable, undoing.undo, self.caller(), self.runner, todo
        )

    def test_placement_that_fails(self):
        todo = self.withdrawn_between_the_loops()
        answer = mock.Mock(status_code=500, text="", __bool__=lambda _: False)
        delete = mock.patch.object(
            report.SchedulerReportClient, "delete", return_value=answer
        )
        with delete:
            self.assert_unavailable(todo)
        self.undo_again(todo)

    def test_a_server_with_a_host_is_let_alone(self):
        todo = self.withdrawn_between_the_loops()
        before = self.records(self.asked)
        admin = context.get_admin_context()
        cell = self.cell_mappings["cell1"]
        with context.target_cell(admin, cell) as targeted:
            record = objects.Instance.get_by_uuid(targeted, self.asked)
            record.host = "h1"
            record.save()
        undoing.undo(self.caller(), self.runner, todo)
        self.assertEqual(before, self.records(self.asked))


class Sweeping(building.Building, base.TestCase):
    """What must be safe from a sweep, and what a sweep must survive."""

    def test_servers_that_are_not_withdrawn(self):
        (built,) = self.asked_for()
        self.deliver()
        (waiting,) = self.asked_for()
        admin = context.get_admin_context()
        swept = undoing.sweep(admin, [built, waiting])
        self.assertEqual(frozenset(), swept)
        self.assertNotEqual([], self.records(built))
        self.assertNotEqual({}, self.allocations(built))
        self.deliver()
        self.assertEqual([built, waiting], self.built)

    def test_a_cell_that_does_not_answer(self):
        (server,) = self.asked_for()

        def withdraw():
            self.withdraw_and_undo([server])

        self.flags(instances=0, group="quota")
        self.stops.before(withdraw, name="Instance.create")
        self.deliver()
        self.assertNotEqual([], self.records(server))
        admin = context.get_admin_context()
        down = mock.patch.object(
            objects.InstanceList,
            "get_by_filters",
            side_effect=db_exc.DBConnectionError,
        )
        with down:
            self.assertEqual(frozenset(), undoing.sweep(admin, [server]))
        undoing.sweep(admin, [server])
        self.assert_nothing_is_left(server)

    def test_an_api_database_that_does_not_answer(self):
        down = mock.patch.object(
            objects.InstanceMappingList,
            "get_by_instance_uuids",
            side_effect=db_exc.DBConnectionError,
        )
        with down:
            self.assertRaises(
                errors.Unavailable,
                undoing.sweep,
                context.get_admin_context(),
                ["server"],
            )


class Cinder(fixtures.Fixture):
    """A server that answers each request with one status."""

    status = 200

    def _setUp(self):
        cinder_ = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_DELETE(self):
                cinder_.asked.append(self.path)
                self.send_response(cinder_.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.asked = []
        here = ("127.0.0.1", 0)
        server = http.server.ThreadingHTTPServer(here, Handler)
        self.address = f"http://127.0.0.1:{server.server_port}"
        self.addCleanup(server.server_close)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        self.addCleanup(serving.join)
        self.addCleanup(server.shutdown)


class CinderOutOfReach(withdrawing.Withdrawing, base.TestCase):
    """Cinder's own client, and a Cinder that has its troubles."""

    def setUp(self):
        super().setUp()
        (self.asked,) = self.asked_for(**self.with_a_volume())
        ((_, self.todo),) = self.withdraw([self.asked]).todos
        self.useFixture(func_fixtures.PlacementFixture())
        self.cinder = self.useFixture(Cinder())
        self.url = f"{self.cinder.address}/v3/%(project_id)s"
        self.flags(endpoint_template=self.url, http_retries=0, group="cinder")
        self.useFixture(
            fixtures.MockPatchObject(
                cinder.API, "attachment_delete", _ATTACHMENT_DELETE
            )
        )

    def undo_it(self):
        undoing.undo(self.caller(), self.runner, self.todo)

    def test_it_deletes_the_attachment(self):
        (attachment,) = self.attached()[self.asked]
        self.undo_it()
        (asked,) = self.cinder.asked
        self.assertTrue(asked.endswith(f"/attachments/{attachment}"), asked)

    def test_the_attachment_is_gone(self):
        self.cinder.status = 404
        self.undo_it()
        self.assertEqual(1, len(self.cinder.asked))

    def test_it_answers_otherwise(self):
        for status in (401, 403, 409, 429, 500, 503, 504):
            self.cinder.status = status
            self.assertRaises(errors.Unavailable, self.undo_it)
        self.cinder.status = 200
        self.undo_it()

    def test_nobody_listens(self):
        self.flags(endpoint_template=self.nobodys_url(), group="cinder")
        self.assertRaises(errors.Unavailable, self.undo_it)
        self.assertEqual([], self.cinder.asked)
        self.flags(endpoint_template=self.url, group="cinder")
        self.undo_it()

    def nobodys_url(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            return f"http://127.0.0.1:{listening.getsockname()[1]}/v3/p"
