# SPDX-License-Identifier: Apache-2.0
"""Dead workers of operations on servers: what the table does not show.

:mod:`.test_evidence` has each operation in its usual course.
"""

from __future__ import annotations

import functools
import typing as ty

import fixtures
from oslo_db import exception as db_exc
import oslo_messaging

from nova import rpc
from nova.compute import api as compute_api
from nova.compute import instance_actions
from nova.idempotency import actions
from openstack_idempotency.engine.points import Point
from testing.nova import base
from testing.nova import cloud
from tests.functional.operations import aftermath

_ACTION = f"/servers/{cloud.SERVER}/action"
_STOP = (_ACTION, {"os-stop": None})
_DELETE = (_ACTION, {"forceDelete": None})


class Started(aftermath.Aftermath):
    """Between the record and the event, and records of something else."""

    def test_died_while_it_sent_the_message(self) -> None:
        def die(ctxt: ty.Any, **kwargs: ty.Any) -> ty.NoReturn:
            raise base.Died

        self.server()
        self.effects.answers["stop_instance"] = die
        self.assertRaises(base.Died, self.post, *_STOP, "t")
        self.change(lease_until=0)
        for _ in range(2):
            self.assert_unknown(self.retry(*_STOP))

    def test_the_message_was_not_sent(self) -> None:
        def fail(ctxt: ty.Any, **kwargs: ty.Any) -> ty.NoReturn:
            raise oslo_messaging.MessageDeliveryFailure

        self.server()
        self.effects.answers["stop_instance"] = fail
        self.left_by_a_dead_worker(
            Point.BEFORE_SETTLE, lambda: self.post(*_STOP, "t")
        )
        self.assert_unknown(self.retry(*_STOP))

    def test_what_is_no_server_is_not_taken_for_one(self) -> None:
        # An id of something else, here the server's own, finds no action.
        self.server()
        self.aggregate()
        self.api.microversion = "2.35"
        for path, body in (
            ("/os-aggregates/1/action", {"add_host": {"host": cloud.HOST}}),
            ("/os-volumes", {"volume": {"size": 1}}),
        ):
            self.left_by_a_dead_worker(
                Point.AFTER_METHOD,
                functools.partial(self.post, path, body, "t"),
            )
            self.assert_unknown(self.retry(path, body))

    def test_the_server_was_deleted_by_nova_compute(self) -> None:
        self.server()
        first, recorded = self.asked(*_DELETE)
        recorded.forget()
        self.assert_unknown(self.retry(*_DELETE))
        self.destroy()
        self.assert_accepted(first, self.retry(*_DELETE))

    def test_the_server_was_deleted_by_the_api(self) -> None:
        self.server()
        self.host_is_down()
        # Nova has no notification of that name, and its tests insist.
        self._replaced(rpc.LegacyValidatingNotifier, "fatal", False)
        first, recorded = self.asked(*_DELETE)
        self.assertEqual([], recorded.events())
        self.assert_accepted(first, self.retry(*_DELETE))

    def test_died_between_two_records(self) -> None:
        # A resize is confirmed first; the deletion was not begun.
        self.server()
        _, recorded = self.asked(*_DELETE)
        recorded.record(instance_actions.CONFIRM_RESIZE)
        (event, *_) = actions.CONFIRM_RESIZE.events
        recorded.begin(event)
        recorded.end(event)
        self.assert_unknown(self.retry(*_DELETE))

    def test_stopped_and_deleted_since(self) -> None:
        self.server()
        first, recorded = self.asked(*_STOP)
        recorded.begin("compute_stop_instance")
        self.destroy()
        self.assert_accepted(first, self.retry(*_STOP))

    def test_the_cell_is_out_of_reach(self) -> None:
        self.server()
        first, recorded = self.asked(*_STOP)
        recorded.begin("compute_stop_instance")
        (before,) = self.rows()
        with fixtures.MockPatchObject(
            compute_api.InstanceActionAPI,
            "action_events_get",
            side_effect=db_exc.DBConnectionError,
        ):
            self.assert_fault(self.retry(*_STOP), 503, "temporarily")
        (after,) = self.rows()
        # Tried, and left for the next retry at once.
        self.assertEqual("running", after.state)
        self.assertEqual(0, after.lease_until)
        self.assertEqual(before.request_id, after.request_id)
        self.assert_accepted(first, self.retry(*_STOP))
