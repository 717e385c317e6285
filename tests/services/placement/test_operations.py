# SPDX-License-Identifier: Apache-2.0
"""Each POST of placement."""

from __future__ import annotations

from placement import handler

from tests.services import dying
from tests.services import operations
from tests.services.placement import base

_OPERATIONS = base.ADAPTER.operations


class TableTest(base.PlacementTestCase, operations.Table):
    def offered(self) -> set[str]:
        return {
            path
            for path, methods in handler.ROUTE_DECLARATIONS.items()
            if "POST" in methods
        }


@operations.each(operations.deleted(base.ADAPTER), "gone")
class GoneTest(base.PlacementTestCase, operations.Gone):
    pass


@operations.each(_OPERATIONS, "", "as_without")
class OnceTest(base.PlacementTestCase, operations.Once):
    pass


@operations.each(
    _OPERATIONS,
    "bound",
    "before_the_commit",
    "after_the_commit",
    "rebuilt",
    "slow_worker",
)
@operations.each(operations.making(_OPERATIONS), "another")
class LinkedTest(base.PlacementTestCase, operations.Linked):
    pass


@operations.each(_OPERATIONS, "each_commit")
class CommittedTest(base.PlacementTestCase, dying.Committed):
    pass
