# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3: a claim that was committed while its connection broke.

The client is told that nothing is known; this process knows that nothing ran.
"""

from __future__ import annotations

import contextlib

import fixtures
from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.api import api as api_db
from nova.idempotency import service
from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql.connections import Connections
from testing.nova import base
from tests.functional import existing


class Network(fixtures.Fixture):
    """Breaks when a statement that starts so has been committed."""

    def __init__(self, start):
        self._start = start
        self._committed = False
        self.broken = False

    def _setUp(self):
        listener = api_db.get_engine(), "before_cursor_execute", self._see
        for name in ("statement", "transaction"):
            through = self._through(getattr(Connections, name))
            self.useFixture(
                fixtures.MockPatchObject(Connections, name, through)
            )
        sa.event.listen(sa.Engine, *listener[1:])
        self.addCleanup(sa.event.remove, sa.Engine, *listener[1:])

    def _see(self, conn, cursor, statement, *rest):
        self._committed |= statement.startswith(self._start)

    def _through(self, there):
        @contextlib.contextmanager
        def through(connections):
            self._check()
            with there(connections) as connection:
                yield connection
            if self._committed:
                self._committed, self.broken = False, True
                self._check()

        return through

    def _check(self):
        if self.broken:
            raise db_exc.DBConnectionError


class Broken(existing.Existing):
    """It is never "unknown", and the next request runs."""

    options = {"wait_timeout": 0}

    def setUp(self):
        # What the thread does is done by the tests, when they say so.
        patch = fixtures.MockPatchObject(Periodic, "ensure", lambda self: None)
        self.useFixture(patch)
        super().setUp()

    def parts(self):
        return service.from_configuration()._engine.parts

    def assert_unavailable(self, answer):
        self.assert_fault(answer, 503, "with the same token")
        self.assertEqual("unavailable", answer.headers["X-Client-Token-State"])

    def broken_after(self, start, send):
        """Send a request whose connection breaks; mend it."""
        with Network(start) as network:
            self.assert_unavailable(send())
            self.assertTrue(network.broken)
            # Nor is it given back as long as it is broken.
            self.parts().returns.give_back()
            self.assert_unavailable(send())

    def given_back(self, send):
        self.assert_fault(send(), 409, "still running")
        self.parts().returns.give_back()
        answer = send()
        self.assertEqual(202, answer.status_code, answer.content)
        self.assertEqual("executed", answer.headers["X-Client-Token-State"])
        again = send()
        self.assertEqual("replayed", again.headers["X-Client-Token-State"])
        self.assertEqual(answer.content, again.content)

    def test_one_that_is_not_linked(self):
        def send():
            return self.reset("t")

        self.broken_after("INSERT INTO client_tokens", send)
        self.assertEqual([], self.actions())
        self.given_back(send)
        self.assertEqual(1, len(self.actions()))

    def test_one_that_is_linked(self):
        def send():
            return self.boot("t")

        self.broken_after("INSERT INTO client_tokens", send)
        self.given_back(send)
        self.assertEqual(2, len(self.servers()))

    def test_a_takeover(self):
        def send():
            return self.boot("t")

        self.left_by_a_dead_worker(Point.BEFORE_METHOD, send)
        self.broken_after("UPDATE client_tokens", send)
        self.given_back(send)
        self.assertEqual(2, len(self.servers()))

    def test_a_takeover_of_one_that_is_not_linked(self):
        def send():
            return self.reset("t")

        self.left_by_a_dead_worker(Point.AFTER_METHOD, send)
        (first,) = self.actions()
        self.broken_after("UPDATE client_tokens", send)
        self.assert_fault(send(), 409, "still running")
        self.parts().returns.give_back()
        answer = send()
        self.assertEqual("rebuilt", answer.headers["X-Client-Token-State"])
        self.assertEqual(first, answer.headers["X-Client-Token-Request-Id"])
        self.assertEqual([first], self.actions())


globals().update(base.on_each_database(Broken))
