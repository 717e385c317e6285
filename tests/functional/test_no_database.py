# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3: days without a table, or with a database in trouble."""

from __future__ import annotations

import sqlite3
from unittest import mock

import pymysql
import sqlalchemy as sa

from nova.db.api import api as api_db
from openstack_idempotency.sql import tables
from testing.nova import base
from tests.functional import conducting
from tests.functional import existing


class NoTable(base.Mixin):
    """Section 3: 503 without the table, and nothing runs."""

    def setUp(self):
        super().setUp()
        tables.METADATA.drop_all(api_db.get_engine())

    def test_tokens_are_refused(self):
        answer = self.boot("t")
        self.assert_fault(answer, 503, "with the same token")
        self.assertIn("serviceUnavailable", answer.json())
        self.assertEqual("t", answer.headers["X-Client-Token"])
        self.assertEqual([], self.servers())
        self.assertIn("nova-idempotency db sync", self.stdlog.logger.output)

    def test_requests_without_a_token_are_served(self):
        self.assertEqual(202, self.boot().status_code)


globals().update(base.on_each_database(NoTable))


class NoDatabase(conducting.Stories, base.TestCase):
    """A database that breaks before the claim, and after it."""

    def breaks_at(self, start):
        """Let statements that start so fail from now on."""

        def fail(cursor, statement, parameters, context):
            if statement.startswith(start):
                raise sqlite3.OperationalError("disk I/O error")

        listener = (api_db.get_engine(), "do_execute", fail)
        sa.event.listen(*listener)
        return lambda: sa.event.remove(*listener)

    def assert_unavailable(self, answer):
        self.assert_fault(answer, 503, "with the same token")
        self.assertEqual("unavailable", answer.headers["X-Client-Token-State"])
        self.assertEqual("1", answer.headers["Retry-After"])

    def test_before_the_claim_nothing_runs(self):
        for statement in ("SELECT anon_1.now", "INSERT INTO client_tokens"):
            mend = self.breaks_at(statement)
            self.assert_unavailable(self.boot("t"))
            mend()
            self.assertEqual([], self.servers())
            self.assertEqual([], self.rows())
        self.assertEqual(202, self.boot("t").status_code)

    def test_after_the_claim_a_linked_one_has_no_success_to_tell(self):
        for number, taken in enumerate((False, True)):
            token = f"t{number}"
            mend = self.breaks_at("UPDATE client_tokens SET state")
            self.assert_unavailable(self.boot(token))
            self.assertIn(
                "could not be stored; the next retry will recover it",
                self.stdlog.logger.output,
            )
            mend()
            self.change(lease_until=0)
            if taken:
                self.conductor_takes()
                self.assert_rebuilt(self.boot(token), number + 1)
            else:
                self.assert_executed(self.boot(token))
                self.assertEqual(number + 1, len(self.servers()))

    def test_a_link_that_cannot_be_written_lets_nothing_be_made(self):
        mend = self.breaks_at("INSERT INTO client_token_resources")
        failed = self.boot("t")
        self.assertEqual(500, failed.status_code)
        self.assertEqual("interrupted", failed.headers["X-Client-Token-State"])
        mend()
        self.assertEqual([], self.servers())
        self.assertEqual(202, self.boot("t").status_code)
        self.assertEqual(1, len(self.servers()))


class Unsettled(existing.Existing, base.TestCase):
    """An answer of what is not linked is given, even if it is not stored."""

    breaks_at = NoDatabase.breaks_at

    def test_it_is_given(self):
        mend = self.breaks_at("UPDATE client_tokens SET state")
        first = self.reset("t")
        self.assertEqual(202, first.status_code)
        self.assertEqual("executed", first.headers["X-Client-Token-State"])
        self.assertNotIn("X-Client-Token-Expires", first.headers)
        self.assertIn(
            "it stays unknown unless the service recorded the request",
            self.stdlog.logger.output,
        )
        mend()
        self.change(lease_until=0)
        again = self.reset("t")
        self.assertEqual(202, again.status_code)
        self.assertEqual("rebuilt", again.headers["X-Client-Token-State"])
        self.assertEqual(1, len(self.actions()))


class Deadlock(base.TestCase):
    """A transaction that was broken off for another is no failure."""

    backend = "mysql"

    def deadlocks_at(self, start, times):
        """Let statements that start so deadlock, so many times."""
        left = [times]

        def fail(cursor, statement, parameters, context):
            if statement.startswith(start) and left[0]:
                left[0] -= 1
                raise pymysql.err.OperationalError(1213, "Deadlock found")

        # Of any engine: our own connections have another one than Nova's.
        listener = (sa.Engine, "do_execute", fail)
        sa.event.listen(*listener)
        self.addCleanup(sa.event.remove, *listener)
        return left

    def test_ours_are_tried_again(self):
        for statement in (
            "INSERT INTO client_tokens",
            "UPDATE client_tokens SET state",
        ):
            left = self.deadlocks_at(statement, times=2)
            answer = self.boot(statement.replace(" ", "-"))
            self.assertEqual(202, answer.status_code)
            self.assertEqual([0], left)
            again = self.boot(statement.replace(" ", "-"))
            self.assertEqual("true", again.headers["Idempotent-Replayed"])
            self.assertEqual(answer.content, again.content)
        left = self.deadlocks_at("DELETE FROM client_tokens", times=2)
        refused = self.boot("t", flavorRef="no such flavor")
        self.assertEqual(400, refused.status_code)
        self.assertEqual([0], left)
        self.assertEqual(2, len(self.rows()))

    def test_novas_own_is_to_be_sent_again(self):
        for statement in (
            "INSERT INTO build_requests",
            "UPDATE client_tokens SET bound",
            "INSERT INTO client_token_resources",
        ):
            self.deadlocks_at(statement, times=1)
            self.assert_fault(self.boot("t"), 503, "with the same token")
            self.assertEqual([], self.rows())
            self.assertEqual([], self.servers())
        self.assertEqual(202, self.boot("t").status_code)
        self.assertEqual(1, len(self.servers()))

    def test_another_failure_stays_one(self):
        spec = "nova.objects.RequestSpec.create"
        with mock.patch(spec, side_effect=RuntimeError("broken")):
            self.assertEqual(500, self.boot("t").status_code)
