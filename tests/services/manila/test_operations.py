# SPDX-License-Identifier: Apache-2.0
"""Five POSTs of Manila."""

from __future__ import annotations

from tests.services import operations
from tests.services.manila import base

_OPERATIONS = base.ADAPTER.operations


@operations.each(_OPERATIONS, "", "as_without")
class OnceTest(base.ManilaTestCase, operations.Once):
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
class LinkedTest(base.ManilaTestCase, operations.Linked):
    pass
