# SPDX-License-Identifier: Apache-2.0
"""What our router changes, and what it leaves as it is."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa

from nova.api.openstack.compute import keypairs
from nova.api.openstack.compute import routes
from nova.api.openstack.compute import servers
from nova.db.api import api as api_db
from nova.idempotency import posts
from nova.idempotency import router
from nova.openstack.common.idempotent import idempotent
from openstack_idempotency.decorator import decorated
from testing.nova import base
from testing.nova import releases


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


def created(app):
    """Return the POSTs of a router that go to a method named create."""
    return {
        post.path: post
        for post in posts.offered(app.map)
        if post.name == "create" and post.action is None
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
        for post in created(routes.APIRouterV21()).values():
            self.assertFalse(any(map(decorated, post.methods)), post)
        self.assertFalse(decorated(servers.ServersController.create))

    def test_what_nova_reads_off_a_method_is_kept(self):
        plain = created(routes.APIRouterV21())
        woven = created(router.APIRouterV21.factory({}))
        for path, post in plain.items():
            pairs = zip(post.methods, woven[path].methods, strict=True)
            for before, after in pairs:
                self.assertEqual(before.__name__, after.__name__)
                names = {"wsgi_codes", *vars(before)} & {*dir(before)}
                for name in names - {"__wrapped__"}:
                    kept = getattr(after, name)
                    self.assertEqual(getattr(before, name), kept, post)


class DecoratedInSource(base.TestCase):
    """A Nova developer writes @idempotent above a method; no paste line."""

    woven = False

    def setUp(self):
        for controller in (
            servers.ServersController,
            keypairs.KeypairController,
        ):
            self.useFixture(
                releases.InSource(controller, "create", idempotent)
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
        woven = created(router.APIRouterV21.factory({}))
        for path in ("/servers", "/os-keypairs"):
            own = vars(woven[path].controller)
            self.assertEqual(set(), {"create", "versioned_methods"} & {*own})
            self.assertTrue(all(map(decorated, woven[path].methods)))


class DecoratedInSourceAndWoven(DecoratedInSource):
    """The same with our line in api-paste.ini: once is enough."""

    woven = True

    def test_one_row_and_one_server(self):
        self.boot("t")
        self.boot("t")
        self.assertEqual(1, len(self.rows()))
        self.assertEqual(1, len(self.servers()))
