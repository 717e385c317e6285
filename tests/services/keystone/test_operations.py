# SPDX-License-Identifier: Apache-2.0
"""Each POST of Keystone."""

from __future__ import annotations

import re

from openstack_idempotency.middleware import insertion
from openstack_idempotency.services import keystone
from openstack_idempotency_client import reading
from tests.services import dying
from tests.services import operations
from tests.services.keystone import base

_OPERATIONS = base.ADAPTER.operations
_TAKEN = [row for row in _OPERATIONS if row.left_out is None]
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


class TableTest(base.KeystoneTestCase, operations.Table):
    def offered(self) -> set[str]:
        (app,) = (
            each
            for each in insertion.chain(self.world.application)
            if hasattr(each, "url_map")
        )
        return {
            _CONVERTER.sub(r"{\1}", rule.rule).removeprefix("/v3")
            for rule in app.url_map.iter_rules()
            if "POST" in rule.methods
        }

    def test_clients_know_which_ones_ignore_tokens(self):
        """They take a success without a state for one that was cut."""
        for row in _OPERATIONS:
            if row.left_out == keystone._REFUSED:
                continue
            path = row.path.replace("{", "").replace("}", "")
            for url in (path, f"http://keystone.example/v3{path}"):
                ignored = reading.needs_none(url, "identity", {})
                self.assertEqual(row.left_out is not None, ignored, url)


@operations.each(operations.deleted(base.ADAPTER, "/domains"), "gone")
class GoneTest(base.KeystoneTestCase, operations.Gone):
    pass


@operations.each(_TAKEN, "", "as_without")
class OnceTest(base.KeystoneTestCase, operations.Once):
    pass


@operations.each(
    _TAKEN,
    "bound",
    "before_the_commit",
    "after_the_commit",
    "rebuilt",
    "slow_worker",
)
@operations.each(operations.making(_TAKEN), "another")
class LinkedTest(base.KeystoneTestCase, operations.Linked):
    pass


@operations.each(_TAKEN, "each_commit")
class CommittedTest(base.KeystoneTestCase, dying.Committed):
    pass
