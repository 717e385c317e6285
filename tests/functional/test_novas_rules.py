# SPDX-License-Identifier: Apache-2.0
"""What Nova's own tests ask of a router, asked of ours."""

from __future__ import annotations

from nova.idempotency import router
from nova.idempotency import service
from nova.tests.unit.api.openstack.compute import test_schemas
from testing.nova import base
from testing.nova import parts


class SchemaTest(test_schemas.SchemaTest):
    """Each method behind our router has schemas; it needs no database.

    Upstream's test forbids one: a router that looks at its database when it
    is made, and cannot, is made all the same.
    """

    def setUp(self):
        super().setUp()
        self.useFixture(parts.Threads())
        self.flags(secret=[base.SECRET], group="idempotency")
        service.from_configuration.forget()
        self.addCleanup(service.from_configuration.forget)
        self.router = router.APIRouterV21()
