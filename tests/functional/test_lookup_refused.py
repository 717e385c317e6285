# SPDX-License-Identifier: Apache-2.0
"""Protocol section 8: what cannot be looked up, and who is told nothing."""

from __future__ import annotations

from nova.db.api import api as api_db
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql import tables
from testing.nova import base
from tests.functional.looking_up import Looks
from tests.functional.looking_up import OTHERS


class Refused(Looks, base.TestCase):
    """What cannot be asked."""

    def assert_refused(self, says, *args, status=400, **kwargs):
        kwargs["status"] = status
        answer = self.look(*args, **kwargs)
        self.assert_fault(answer, status, says)
        self.assertNotIn("X-Client-Token-State", answer.headers)
        return answer

    def test_a_token_that_is_none(self):
        answer = self.assert_refused("X-Client-Token", "secret value")
        self.assertNotIn("secret", answer.text)

    def test_a_token_in_the_url(self):
        answer = self.assert_refused("Additional", None, "token=secret-value")
        self.assertNotIn("secret-value", answer.text)

    def test_a_query_that_is_none(self):
        for query in (
            "wait=-1",
            "wait=soon",
            f"wait={'9' * 5000}",
            "wait=1&wait=2",
            "limit=-1",
            "marker=x",
            "all_projects=perhaps",
            "user_id=",
        ):
            self.assert_refused("Invalid input", "t", query)

    def test_an_id_that_mariadb_cannot_hold(self):
        for name in ("user_id", "project_id"):
            self.assert_refused(name, "t", f"{name}=%f0%9f%98%80")

    def test_waiting_for_nothing(self):
        self.assert_refused("X-Client-Token", None, "wait=1")

    def test_a_marker_that_is_not_there(self):
        self.assert_refused("Marker 77", None, "marker=77")
        self.boot("t")
        (row,) = self.rows()
        other = self.client("other", self.api.project_id)
        self.assert_refused("Marker", None, f"marker={row.id}", api=other)

    def test_while_the_table_is_out_of_reach(self):
        tables.METADATA.drop_all(api_db.get_engine())
        answer = self.assert_refused("temporarily", "t", status=503)
        self.assertEqual("1", answer.headers["Retry-After"])


class Roles(Looks, base.TestCase):
    """Section 2: who lacks a role of the first request is told nothing."""

    def test_forbidden_and_nothing_else(self):
        self.boot("t")
        for roles in OTHERS:
            given = {"X-Roles": roles}
            hidden = [{"state": "forbidden"}]
            self.assertEqual(hidden, self.uses("t", **given))
            self.assertEqual(hidden, self.uses(**given))
        self.assertEqual(
            "succeeded",
            self.uses("t", **{"X-Roles": "member,other,Reader"})[0]["state"],
        )

    def test_while_it_runs(self):
        answers = []

        def look(point):
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                given = {"X-Roles": "reader"}
                answers.append(
                    base.elsewhere(lambda: self.look("t", "wait=5", **given))
                )

        points.arm(look)
        self.boot("t")
        self.assertEqual(
            [{"state": "forbidden"}], answers[0].json()["client_tokens"]
        )
        self.assertNotIn("Retry-After", answers[0].headers)
