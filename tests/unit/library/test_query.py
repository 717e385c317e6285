# SPDX-License-Identifier: Apache-2.0
"""What a look-up may ask for."""

from __future__ import annotations

import ddt
import testtools
import webob

from openstack_idempotency.middleware.lookup import asked
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.sql.looking import Page
from openstack_idempotency.wsgi import lookup
from openstack_idempotency.wsgi.lookup import Query

_OWN = Scope("p", "u", "")


@ddt.ddt
class QueryTest(testtools.TestCase):
    @ddt.data("user_id=%FF", "%FF=1", "%C3=")
    def test_one_that_is_not_utf8(self, query: str) -> None:
        req = webob.Request.blank(f"/?{query}")
        error = self.assertRaises(lookup.BadQuery, asked, req)
        self.assertIn("UTF-8", str(error))

    @ddt.data(
        Query(Page(1), user_id="a\0"), Query(Page(1), project_id="\0a")
    )
    def test_a_zero_byte_reaches_no_database(self, query: Query) -> None:
        error = self.assertRaises(
            lookup.BadQuery,
            lookup.whose, query, _OWN, frozenset(), lambda: None,
        )  # fmt: skip
        self.assertIn("zero byte", str(error))
