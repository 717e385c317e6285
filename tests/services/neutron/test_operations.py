# SPDX-License-Identifier: Apache-2.0
"""Each POST of Neutron."""

from __future__ import annotations

import re

from neutron.api import extensions
from neutron.manager import NeutronManager
from neutron.pecan_wsgi import startup

from openstack_idempotency.middleware import insertion
from tests.services import dying
from tests.services import operations
from tests.services.neutron import base

_OPERATIONS = base.ADAPTER.operations
_TAKEN = [row for row in _OPERATIONS if row.left_out is None]
_NAMED = re.compile(r"\{\w+\}")


class TableTest(base.NeutronTestCase, operations.Table):
    def offered(self) -> set[str]:
        """Return what its two routers have, extensions' and Pecan's."""
        apps = dict(self.world.application.applications)
        application = apps[None, "/v2.0"]
        (router,) = (
            each._router
            for each in insertion.chain(application)
            if isinstance(each, extensions.ExtensionMiddleware)
        )
        routes = {
            route.routepath
            for route in router.mapper.matchlist
            if "POST" in ((route.conditions or {}).get("method") or ())
            and ":(format)" not in route.routepath
        }
        core = {f"/{name}" for name in startup.RESOURCES.values()}
        assert core <= {f"/{name}" for name in _controllers()}
        return {self.spelled(path) for path in routes | core}

    def spelled(self, path: str) -> str:
        """Return a path with the table's own names of what varies."""
        found = base.ADAPTER.normal(path)
        known = {_NAMED.sub("{}", row.path): row.path for row in _OPERATIONS}
        return known.get(_NAMED.sub("{}", found), found)


def _controllers() -> list[str]:
    return [*NeutronManager.get_instance().resource_controller_mappings]


# The tags of all resources are one controller's: what is true of the first
# one's in each respect is true of the others'.
_TAGS = [row for row in _TAKEN if row.path.endswith("/tags")]
_DIFFERENT = [row for row in _TAKEN if row not in _TAGS[1:]]


@operations.each(operations.deleted(base.ADAPTER), "gone")
class GoneTest(base.NeutronTestCase, operations.Gone):
    pass


@operations.each(_TAKEN, "")
@operations.each(_DIFFERENT, "as_without")
class OnceTest(base.NeutronTestCase, operations.Once):
    pass


@operations.each(_TAKEN, "before_the_commit", "after_the_commit")
@operations.each(_DIFFERENT, "bound", "rebuilt", "slow_worker")
@operations.each(operations.making(_DIFFERENT), "another")
class LinkedTest(base.NeutronTestCase, operations.Linked):
    pass


@operations.each(_DIFFERENT, "each_commit")
class CommittedTest(base.NeutronTestCase, dying.Committed):
    pass
