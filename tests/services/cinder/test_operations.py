# SPDX-License-Identifier: Apache-2.0
"""Each POST of Cinder."""

from __future__ import annotations

import contextlib
import re
import typing as ty

import fixtures
import oslo_messaging
from oslo_messaging._drivers import impl_fake

from openstack_idempotency.sql import tables
from tests.services import dying
from tests.services import operations
from tests.services.cinder import base

_OPERATIONS = base.ADAPTER.operations
_TAKEN = [row for row in _OPERATIONS if row.left_out is None]
_LINKED = [row for row in _TAKEN if row.kind is not None]
_NAMED = re.compile(r"\{\w+\}|:\(?\w+\)?")
#: Actions of the same controllers that need another path.
ELSEWHERE = {
    "/groups/action": {
        "delete", "disable_replication", "enable_replication",
        "failover_replication", "list_replication_targets", "reset_status",
    },
    "/groups/{}/action": {"create-from-src"},
    "/types/{}/action": {"create", "delete", "update"},
}  # fmt: skip


class TableTest(base.CinderTestCase, operations.Table):
    def offered(self) -> set[str]:
        known = {_NAMED.sub("{}", row.name): row.name for row in _OPERATIONS}
        return {known.get(name, name) for name in posts()}


def posts() -> ty.Iterator[str]:
    """Yield what Cinder routes to a method of its own."""
    from cinder.api.v3 import router  # which Cinder has to prepare for

    for route in router.APIRouter.factory({}).map.matchlist:
        path = _NAMED.sub("{}", route.routepath)
        method = (route.conditions or {}).get("method") or ()
        # Without the project and the format; both may be there.
        if "POST" not in method or re.search(
            "project_id|format", route.routepath
        ):
            continue
        resource = route.defaults["controller"]
        name = route.defaults["action"]
        if name == "action":
            elsewhere = ELSEWHERE.get(path, set())
            for action in {*resource.wsgi_actions} - elsewhere:
                yield f"{path} {action}"
        elif hasattr(resource.controller, name) or (
            name in resource.wsgi_actions
        ):
            yield path


# What is true of the first of those that one controller changes in one way is
# true of the others in each of these respects.
_FIRST = {(row.path, row.kind): row for row in reversed(_TAKEN)}.values()
_DIFFERENT = [row for row in _FIRST if row.kind is not None]
# What no other service has to delete.
_DELETED = [
    row
    for row in operations.deleted(base.ADAPTER)
    if row.path
    in (
        "/attachments", "/group_types", "/os-volume-transfer", "/qos-specs",
        "/types", "/volume-transfers", "/volumes",
    )
]  # fmt: skip


@operations.each(_DELETED, "gone")
class GoneTest(base.CinderTestCase, operations.Gone):
    pass


@operations.each(_TAKEN, "", "as_without")
class OnceTest(base.CinderTestCase, operations.Once):
    pass


@operations.each(_LINKED, "before_the_commit")
class BeforeTest(base.CinderTestCase, operations.Linked):
    pass


@operations.each(_LINKED, "after_the_commit")
class AfterTest(base.CinderTestCase, operations.Linked):
    pass


@operations.each(_LINKED, "bound", "rebuilt")
@operations.each(_DIFFERENT, "slow_worker")
@operations.each(operations.making(_LINKED), "another")
class LinkedTest(base.CinderTestCase, operations.Linked):
    pass


@operations.each(_LINKED, "each_commit")
class CommittedTest(base.CinderTestCase, dying.Committed):
    pass


@operations.each(_LINKED, "broker_away")
class CastsTest(base.CinderTestCase, operations.Linked):
    """Cinder asks other services for the rest, once it has committed."""

    def setUp(self) -> None:
        super().setUp()
        self.lost: list[str] = []

    @contextlib.contextmanager
    def broker_away(self) -> ty.Iterator[None]:
        """Let what is sent without a reply get nowhere."""
        send = impl_fake.FakeDriver.send

        def lose(
            driver: ty.Any, target: ty.Any, context: ty.Any, message: ty.Any,
            wait_for_reply: ty.Any = None, *rest: ty.Any, **more: ty.Any,
        ) -> ty.Any:  # fmt: skip
            if wait_for_reply:
                given = (target, context, message, wait_for_reply)
                return send(driver, *given, *rest, **more)
            self.lost.append(message["method"])
            raise oslo_messaging.MessageDeliveryFailure("it is away")

        name = f"{impl_fake.__name__}.FakeDriver.send"
        with fixtures.MonkeyPatch(name, lose):
            yield

    def check_broker_away(self, path: str) -> None:
        """What nobody was asked to do is told to nobody as a success."""
        wanted, kind = self.wanted(path), self.row(path).kind
        assert kind is not None
        with self.broker_away():
            first = self.post(path, wanted, "t")
        if not self.lost:
            self.assertEqual("executed", self.state(first), first.text)
            return
        self.assertTrue(kind.handed_on, str(self.lost))
        self.assertEqual(1, len(self.rows(tables.RESOURCES)))
        again = self.post(path, wanted, "t")
        for answer in (first, again):
            self.assertEqual(500, answer.status_int, answer.text)
            self.assertEqual("failed", self.state(answer))
