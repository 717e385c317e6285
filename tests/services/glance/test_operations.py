# SPDX-License-Identifier: Apache-2.0
"""Each POST of Glance."""

from __future__ import annotations

from glance.api.v2 import router

from tests.services import dying
from tests.services import operations
from tests.services.glance import base

_OPERATIONS = base.ADAPTER.operations
_LINKED = [row for row in _OPERATIONS if row.kind is not None]


class TableTest(base.GlanceTestCase, operations.Table):
    def offered(self) -> set[str]:
        """Return what is routed to a method of Glance's."""
        mapper = router.API.factory({}).map
        return {
            route.routepath
            for route in mapper.matchlist
            if "POST" in ((route.conditions or {}).get("method") or ())
        }


@operations.each(operations.deleted(base.ADAPTER, "/tasks"), "gone")
class GoneTest(base.GlanceTestCase, operations.Gone):
    pass


@operations.each(_OPERATIONS, "", "as_without")
class OnceTest(base.GlanceTestCase, operations.Once):
    pass


@operations.each(
    _LINKED,
    "bound",
    "before_the_commit",
    "after_the_commit",
    "rebuilt",
    "slow_worker",
)
@operations.each(operations.making(_LINKED), "another")
class LinkedTest(base.GlanceTestCase, operations.Linked):
    pass


@operations.each(_LINKED, "each_commit")
class CommittedTest(base.GlanceTestCase, dying.Committed):
    pass
