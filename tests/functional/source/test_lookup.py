# SPDX-License-Identifier: Apache-2.0
"""Patched Nova answers the look-up as the router of ours does: section 8."""

from __future__ import annotations

import typing as ty

import fixtures

from nova.api.openstack.compute import routes
from nova.api.openstack.compute import server_groups
from nova.idempotency import lookup as lookup_
from nova.idempotency import router
from nova.idempotency.source import lookup
from nova.idempotency.source import module
from nova.idempotency.source import tree
from nova.openstack.common.idempotent import idempotent
from openstack_idempotency import decorator
from testing.nova import base
from testing.nova import parts
from testing.nova import releases
from tests.functional.looking_up import GROUP
from tests.functional.looking_up import Looks
from tests.functional.source import trees


class Patched(fixtures.Fixture):
    """Nova's routes, and its rules, as the patch makes them."""

    def _setUp(self) -> None:
        small = self.useFixture(trees.SmallTree())
        self._tree = tree.Tree(small.root)
        self._replace(routes, "ROUTE_LIST", tree.ROUTES, lookup.with_route)
        place = lookup.POLICIES
        self._replace("nova.policies", "list_rules", place, lookup.with_rules)

    def _replace(
        self,
        there: ty.Any,
        name: str,
        path: str,
        change: ty.Callable[[module.Module], str],
    ) -> None:
        changed: dict[str, ty.Any] = {"__name__": __name__}
        exec(change(module.Module(self._tree, path)), changed)
        there = getattr(there, "__name__", there)
        self.useFixture(
            fixtures.MonkeyPatch(f"{there}.{name}", changed[name])
        )


class _TestCase(Looks, base.TestCase):
    woven = False

    def setUp(self) -> None:
        self.useFixture(Patched())
        self.useFixture(
            releases.InSource(
                server_groups.ServerGroupController, "create", idempotent
            )
        )
        # Found once in a process, by whichever test came first.
        decorator._SERVICES.clear()
        self.addCleanup(decorator._SERVICES.clear)
        super().setUp()

    def weave(self) -> None:
        """Put our line into api-paste.ini, too."""
        path = self.useFixture(parts.PasteFile(woven=True)).path
        self.flags(group="wsgi", api_paste_config=path)
        self.start_api()


class PatchedTest(_TestCase):
    def answers(self) -> list[ty.Any]:
        """Return what look-ups of all kinds are told."""
        told = [
            self.look("t"),
            self.look("t", "wait=1"),
            self.look("unknown"),
            self.look(None),
            self.look(None, "limit=1"),
            self.look(None, "all_projects=1", api=self.admin()),
            self.look("not a token", status=400),
            self.look(None, "wait=1", status=400),
            self.look(None, "all_projects=1", status=403),
            self.look("t", **{"X-Roles": "reader"}),
        ]
        return [(one.status_code, one.json()) for one in told]

    def test_it_answers_as_the_woven_one_does(self) -> None:
        self.configure(every_host=True)
        self.start_api()
        for token in ("t", "t2"):
            self.post("/os-server-groups", GROUP, token)
        patched = self.answers()
        (status, told), *_ = patched
        self.assertEqual((200, True), (status, told["retry_safe"]))
        self.assertEqual("succeeded", told["client_tokens"][0]["state"])
        self.weave()
        self.assertEqual(patched, self.answers())

    def test_it_is_there_once_whoever_adds_it(self) -> None:
        for made in (routes.APIRouterV21(), router.APIRouterV21()):
            found = [
                route.defaults["action"]
                for route in made.map.matchlist
                if isinstance(
                    getattr(
                        route.defaults.get("controller"), "controller", None
                    ),
                    lookup_.ClientTokensController,
                )
            ]
            # With a project in the path, and without.
            self.assertEqual(["index"] * 2, found)


class NotConfiguredTest(_TestCase):
    """A 404 would be a cloud without client tokens."""

    options: ty.ClassVar[dict[str, ty.Any]] = {"secret": []}

    def test_it_is_unavailable_and_the_log_says_why(self) -> None:
        for token in ("t", None):
            answer = self.look(token, status=503)
            self.assert_fault(answer, 503, "temporarily")
            self.assertEqual("1", answer.headers["Retry-After"])
        said = self.stdlog.logger.output
        self.assertIn("cannot be looked up: [idempotency] secret is no", said)
