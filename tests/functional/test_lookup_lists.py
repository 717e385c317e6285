# SPDX-License-Identifier: Apache-2.0
"""Protocol section 8: lists of uses, their pages, and who sees which."""

from __future__ import annotations

import importlib.metadata
import urllib.parse

import sqlalchemy as sa

from nova.db.api import api as api_db
from openstack_idempotency.sql.tables import TOKENS
from testing.nova import base
from tests.functional.looking_up import Looks


class Pages(Looks, base.TestCase):
    """Without a token: the caller's uses of any, newest first, in pages."""

    def keys(self, uses):
        return [use["resources"][0]["id"] for use in uses]

    def test_all_pages(self):
        names = [f"k{number}" for number in range(5)]
        for name in names:
            self.generate(name, f"token-{name}")
        self.generate("other", "t", **{"X-Auth-User": "other"})
        newest = names[::-1]
        self.assertEqual(newest, self.keys(self.uses()))
        seen = []
        query = "limit=2"
        while query:
            told = self.look(None, query).json()
            seen.append(self.keys(told["client_tokens"]))
            links = told.get("client_tokens_links", [])
            self.assertTrue(all(one["rel"] == "next" for one in links))
            query = links and urllib.parse.urlsplit(links[0]["href"]).query
        self.assertEqual([newest[:2], newest[2:4], newest[4:]], seen)

    def drop(self, *uses):
        with api_db.get_engine().begin() as connection:
            keys = [use["id"] for use in uses]
            gone = sa.delete(TOKENS).where(TOKENS.c.id.in_(keys))
            self.assertEqual(len(uses), connection.execute(gone).rowcount)

    def test_what_goes_between_two_pages_is_missing_and_nothing_else(self):
        for name in "edcba":
            self.generate(name, name)
        a, b, c, _, _ = self.uses()
        following = f"limit=2&marker={b['id']}"
        self.drop(a, c)
        self.assertEqual(["d", "e"], self.keys(self.uses(query=following)))
        # What the marker names must be there, as in Nova's lists; but not in
        # the list of all.
        self.drop(b)
        answer = self.look(None, following, status=400)
        self.assert_fault(answer, 400, f"Marker {b['id']} could not be found")
        of_all = f"all_projects=1&{following}"
        uses = self.uses(query=of_all, api=self.admin())
        self.assertEqual(["d", "e"], self.keys(uses))

    def test_at_the_same_moment(self):
        for name in ("a", "b", "c"):
            self.generate(name, name)
        self.change(created_at=self.rows()[0].created_at)
        first, second = self.uses(query="limit=2")
        (third,) = self.uses(query=f"marker={second['id']}")
        self.assertEqual(["c", "b", "a"], self.keys([first, second, third]))

    def test_a_page_that_is_hidden_leads_to_the_next(self):
        self.generate("a", "a")
        self.generate("b", "b", **{"X-Roles": "reader,member,other"})
        told = self.look(None, "limit=1").json()
        self.assertEqual([{"state": "forbidden"}], told["client_tokens"])
        (link,) = told["client_tokens_links"]
        following = urllib.parse.urlsplit(link["href"]).query
        self.assertEqual(["a"], self.keys(self.uses(query=following)))

    def test_no_more_than_nova_lets(self):
        self.flags(group="api", max_limit=1)
        self.generate("a", "a")
        self.generate("b", "b")
        self.assertEqual(["b"], self.keys(self.uses()))
        self.assertEqual([], self.uses(query="limit=0"))


class Policy(Looks, base.TestCase):
    """Nova's rules say who sees what is not his own."""

    def setUp(self):
        super().setUp()
        self.boot("t")
        self.own = f"user_id={self.api.auth_user}"
        self.theirs = f"{self.own}&project_id={self.api.project_id}"

    def test_only_an_admin_sees_others(self):
        other = self.client("other", self.api.project_id)
        for query in (
            "all_projects=true",
            f"project_id={self.api.project_id}",
            self.own,
            self.theirs,
        ):
            answer = self.look(None, query, api=other, status=403)
            self.assert_fault(
                answer, 403, "os-client-tokens:index:all_projects"
            )

    def test_an_admin_sees_all(self):
        admin = self.admin()
        for query in (
            "all_projects=1",
            f"all_projects=1&{self.own}",
            f"project_id={self.api.project_id}",
            self.theirs,
        ):
            (use,) = self.uses(query=query, api=admin)
            self.assertEqual("succeeded", use["state"], query)
            self.assertEqual(self.api.auth_user, use["user_id"])
        for query in ("", "all_projects=0", "user_id=nobody", self.own):
            self.assertEqual([], self.uses(query=query, api=admin), query)

    def test_an_admin_looks_up_another_user_s_token(self):
        (use,) = self.uses("t", self.theirs, api=self.admin())
        self.assertEqual("succeeded", use["state"])
        self.assertEqual([], self.uses("t", api=self.admin()))
        for query in ("all_projects=1", f"project_id={self.api.project_id}"):
            answer = self.look("t", query, api=self.admin(), status=400)
            self.assert_fault(answer, 400, "user_id and project_id")

    def test_two_projects_at_once(self):
        query = f"all_projects=1&project_id={self.api.project_id}"
        answer = self.look(None, query, api=self.admin(), status=400)
        self.assert_fault(answer, 400, "leave one of them out")

    def test_one_s_own_need_no_rule(self):
        for query in (self.own, self.theirs):
            self.assertEqual(1, len(self.uses(query=query)))

    def test_pages_of_all(self):
        for name in ("a", "b", "c"):
            self.generate(name, name, **{"X-Auth-User": name})
        seen = []
        query = "all_projects=1&limit=1"
        while query:
            told = self.look(None, query, api=self.admin()).json()
            seen += [use["user_id"] for use in told["client_tokens"]]
            links = told.get("client_tokens_links", [])
            query = links and urllib.parse.urlsplit(links[0]["href"]).query
        self.assertEqual(["c", "b", "a", self.api.auth_user], seen)

    def test_the_rules_can_be_changed(self):
        name = "os_compute_api:os-client-tokens:index"
        self.policy.set_rules(
            {name: "!", f"{name}:all_projects": "@"}, overwrite=False
        )
        self.look("t", status=403)
        self.policy.set_rules({name: "@"}, overwrite=False)
        other = self.client("other", "other-project")
        self.assertEqual(1, len(self.uses(query="all_projects=1", api=other)))

    def test_policy_s_tools_find_them(self):
        (found,) = importlib.metadata.entry_points(
            group="oslo.policy.policies", name="nova.idempotency"
        )
        self.assertEqual(2, len(found.load()()))
