# SPDX-License-Identifier: Apache-2.0
"""The table of operations and the routes of the installed Nova are one."""

from __future__ import annotations

import collections

import fixtures

from nova.api.openstack import wsgi
from nova.api.openstack.compute import admin_actions
from nova.api.openstack.compute import routes
from nova.idempotency import operations
from nova.idempotency import posts
from nova.idempotency import router
from nova.idempotency.operations import Operation
from openstack_idempotency.decorator import decorated
from openstack_idempotency.engine import points
from testing.nova import base
from testing.nova import releases

_TABLE = "nova/idempotency/operations.py"


def offered(app):
    """Return what POSTs a router has, by path and action."""
    return {(p.path, p.action): p for p in posts.offered(app.map)}


class Table(base.TestCase):
    """Both directions; and nothing is woven but what the table says."""

    def test_every_post_of_nova_has_a_row(self):
        for post in offered(routes.APIRouterV21()):
            self.assertIsNotNone(
                operations.find(*post),
                f"{Operation(*post)} is new in Nova. Add to {_TABLE}: "
                f"Operation{post}, with the kind that it is linked to if "
                "its row is in the API database, or left_out with the reason; "
                "and its body to testing/nova/samples.py.",
            )

    def test_every_row_is_a_post_of_nova(self):
        there = offered(routes.APIRouterV21())
        for row in releases.OPERATIONS:
            self.assertIn(
                (row.path, row.action),
                there,
                f"Nova has no {row} any more. Say in {_TABLE} until which "
                "release it had, or take the row out.",
            )

    def test_a_row_that_ended_is_no_post_of_nova_any_more(self):
        there = offered(routes.APIRouterV21())
        for row in set(operations.OPERATIONS) - set(releases.OPERATIONS):
            self.assertNotIn((row.path, row.action), there)

    def test_no_row_is_there_twice(self):
        rows = [(row.path, row.action) for row in operations.OPERATIONS]
        (most,) = collections.Counter(rows).most_common(1)
        self.assertEqual(1, most[1], most[0])

    def test_a_row_is_linked_or_rebuilds_nothing_or_is_left_out(self):
        for row in operations.OPERATIONS:
            self.assertEqual(row.kind is None, row.rebuild is None, row)
            self.assertFalse(row.left_out and row.kind, row)

    def test_the_router_weaves_what_is_not_left_out(self):
        app = router.APIRouterV21.factory({})
        for row in releases.OPERATIONS:
            post = offered(app)[row.path, row.action]
            woven = {row.left_out is None}
            self.assertEqual(woven, set(map(decorated, post.methods)), row)

    def test_with_a_project_in_the_path_it_is_the_same_place(self):
        app = router.APIRouterV21.factory({})
        resources = collections.defaultdict(set)
        for route in app.map.matchlist:
            if (route.conditions or {}).get("method") == ["POST"]:
                path = "/" + route.routepath.removeprefix(
                    "/{project_id:[0-9a-f-]+}"
                ).lstrip("/")
                resources[path].add(route.defaults["controller"])
        self.assertEqual({1}, {len(found) for found in resources.values()})

    def test_other_routers_of_the_process_stay_plain(self):
        router.APIRouterV21.factory({})
        for post in offered(routes.APIRouterV21()).values():
            self.assertFalse(any(map(decorated, post.methods)), post)


class Newer(wsgi.Controller):
    """A controller of a Nova that has more than the table."""

    ran = 0

    def create(self, req, body):
        type(self).ran += 1
        return {"ran": self.ran}


class NewerNova(base.TestCase):
    """What is not in the table is woven as not linked, and named."""

    older = True

    def setUp(self):
        Newer.ran = 0
        newer = {"POST": [lambda: wsgi.Resource(Newer()), "create"]}
        routed = (*routes.ROUTE_LIST, ("/os-newer", newer))
        self.useFixture(
            fixtures.MonkeyPatch(f"{routes.__name__}.ROUTE_LIST", routed)
        )
        controller = admin_actions.AdminActionsController
        more = {**controller.wsgi_actions, "os-newer": "_reset_state"}
        self.useFixture(
            fixtures.MockPatchObject(controller, "wsgi_actions", more)
        )
        self.log = self.useFixture(fixtures.FakeLogger(router.__name__))
        super().setUp()

    def test_it_is_named_when_the_api_starts(self):
        said = self.log.output
        actions = [f"{path} os-newer" for path in releases.ACTIONS_OF_SERVERS]
        for named in ("/os-newer", *actions):
            told = f"POST {named} is not in the table of operations"
            # Once for each of /v2 and /v2.1.
            self.assertEqual(2, said.count(told), said)
        told = said.count("is not in the table")
        self.assertEqual(2 + 2 * len(actions), told, said)

    def test_it_runs_once(self):
        first = self.post("/os-newer", {"newer": 1}, "t")
        again = self.post("/os-newer", {"newer": 1}, "t")
        self.assertEqual({"ran": 1}, first.json())
        self.assertEqual(first.content, again.content)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        other = self.post("/os-newer", {"newer": 2}, "t")
        self.assert_fault(other, 422, "different request")
        self.assertEqual(1, Newer.ran)

    def test_after_a_crash_it_does_not_run_again(self):
        self.left_by_a_dead_worker(
            points.Point.AFTER_METHOD,
            lambda: self.post("/os-newer", {"newer": 1}, "t"),
        )
        answer = self.post("/os-newer", {"newer": 1}, "t")
        self.assert_fault(answer, 409, "unknown")
        self.assertEqual(1, Newer.ran)
