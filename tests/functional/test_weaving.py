# SPDX-License-Identifier: Apache-2.0
"""What our router changes, and what it leaves as it is."""

from __future__ import annotations

import contextlib

import fixtures
import sqlalchemy as sa

from nova.api.openstack.compute import keypairs
from nova.api.openstack.compute import routes
from nova.api.openstack.compute import servers
from nova.db.api import api as api_db
from nova.idempotency import router
from nova.openstack.common.idempotent import decorated
from nova.openstack.common.idempotent import idempotent
from tests.functional import base


@contextlib.contextmanager
def our_statements():
    """Collect the statements that name a table of ours."""
    ours = []

    def collect(conn, cursor, statement, *rest):
        if "client_token" in statement:
            ours.append(statement)

    engine = api_db.get_engine()
    sa.event.listen(engine, "before_cursor_execute", collect)
    try:
        yield ours
    finally:
        sa.event.remove(engine, "before_cursor_execute", collect)


def controllers(app, action="create"):
    """Return the controllers of a router that POST routes lead to."""
    return {
        route.routepath: route.defaults["controller"].controller
        for route in app.map.matchlist
        if (route.conditions or {}).get("method") == ["POST"]
        and route.defaults["action"] == action
    }


class Woven(base.TestCase):
    """With our router and no token, all is as it was."""

    def test_without_a_token_no_statement_is_ours(self):
        with our_statements() as ours:
            answer = self.boot()
            self.post("/os-keypairs", {"keypair": {"name": "k"}})
            self.boot(flavorRef="no such flavor")
            self.servers()
        self.assertEqual([], ours)
        self.assertEqual(202, answer.status_code)
        self.assertFalse(
            [n for n in answer.headers if "token" in n.lower() or "idemp" in n]
        )

    def test_a_replay_is_one_statement(self):
        self.boot("t")
        with our_statements() as ours:
            self.boot("t")
        self.assertEqual(1, len(ours), ours)

    def test_a_bad_token_is_none(self):
        with our_statements() as ours:
            self.boot("not a token")
        self.assertEqual([], ours)

    def test_other_routers_of_the_process_stay_plain(self):
        router.APIRouterV21.factory({})
        for controller in controllers(routes.APIRouterV21()).values():
            self.assertFalse(decorated(controller.create))
        self.assertFalse(decorated(servers.ServersController.create))

    def test_what_nova_reads_off_a_method_is_kept(self):
        plain = controllers(routes.APIRouterV21())
        woven = controllers(router.APIRouterV21.factory({}))
        for path in ("/servers", "/os-keypairs"):
            before = plain[path].create
            after = woven[path].create
            for name in set(dir(before.__func__)) - set(dir(object)):
                if not name.startswith("__"):
                    self.assertIs(getattr(before.__func__, name).__class__,
                                  getattr(after, name).__class__)
            self.assertEqual(before.__name__, after.__name__)


class DecoratedInSource(base.TestCase):
    """A Nova developer writes @idempotent above a method; no paste line."""

    woven = False

    def setUp(self):
        for controller in (
            servers.ServersController,
            keypairs.KeypairController,
        ):
            create = idempotent(controller.create)
            self.useFixture(
                fixtures.MockPatchObject(controller, "create", create)
            )
        super().setUp()

    def test_it_works_without_our_router(self):
        first = self.boot("t")
        again = self.boot("t")
        self.assertEqual(202, first.status_code)
        self.assertEqual(first.content, again.content)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        self.assertEqual(1, len(self.servers()))
        first = self.generate("k", "t")
        self.assertEqual(first.content, self.generate("k", "t").content)

    def test_our_router_does_not_wrap_it_again(self):
        woven = controllers(router.APIRouterV21.factory({}))
        for path in ("/servers", "/os-keypairs"):
            self.assertIsNone(vars(woven[path]).get("create"))
            self.assertTrue(decorated(woven[path].create))


class DecoratedInSourceAndWoven(DecoratedInSource):
    """The same with our line in api-paste.ini: once is enough."""

    woven = True

    def test_one_row_and_one_server(self):
        self.boot("t")
        self.boot("t")
        self.assertEqual(1, len(self.rows()))
        self.assertEqual(1, len(self.servers()))
