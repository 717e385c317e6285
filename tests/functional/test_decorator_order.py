# SPDX-License-Identifier: Apache-2.0
"""Where @idempotent may stand among the decorators of Nova's own."""

from __future__ import annotations

import functools
import inspect
import itertools

from nova.api import validation
from nova.api.openstack import wsgi
from nova.api.openstack.compute import server_groups
from nova.db.api import api as api_db
from nova.idempotency import router
from nova.openstack.common.idempotent import idempotent
from openstack_idempotency.sql import tables
from testing.nova import base
from testing.nova import releases

GROUP = {"server_group": {"name": "g", "policy": "affinity"}}
DECORATORS = {
    "idempotent": idempotent,
    "response": wsgi.response(202),
    "expected_errors": wsgi.expected_errors((400, 403, 409)),
}
ERRORS = DECORATORS["expected_errors"]
ANSWER = {"type": "object", "properties": {}, "additionalProperties": True}
CHECK = validation.response_body_schema(ANSWER, "2.1", "2.63")
CHECK_OF_NEWER = validation.response_body_schema(ANSWER, "2.64")


def plain(method):
    """Return a method as it is below all its decorators, and its own."""
    innermost = inspect.unwrap(method)

    @functools.wraps(innermost)
    def create(self, req, body):
        return innermost(self, req=req, body=body)

    return create


def decorate(*decorators):
    """Return what puts decorators on a method, the topmost one first."""

    def how(method):
        made = plain(method)
        for decorator in reversed(decorators):
            made = decorator(made)
        return made

    return how


class _TestCase(base.TestCase):
    decorators = (idempotent,)

    def start_api(self):
        if self.api_fixture is None:
            self.useFixture(
                releases.InSource(
                    server_groups.ServerGroupController,
                    "create",
                    decorate(*self.decorators),
                )
            )
        super().start_api()

    def group(self, token="t", name="g"):
        body = {"server_group": GROUP["server_group"] | {"name": name}}
        return self.post("/os-server-groups", body, token)


class Order(base.Mixin):
    """Everywhere the status is right, and so are the refusals."""

    def test_first_again_and_refused(self):
        first = self.group()
        again = self.group()
        self.assertEqual(202, first.status_code, first.content)
        self.assertEqual(202, again.status_code, again.content)
        self.assertEqual(first.content, again.content)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        self.assertEqual(202, self.group(token=None).status_code)
        refused = self.group(name="h")
        self.assert_fault(refused, 422, "different request")
        self.assertEqual("t", refused.headers["X-Client-Token"])
        versions = ["OpenStack-API-Version", "X-OpenStack-Nova-API-Version"]
        self.assertEqual(versions, refused.headers["Vary"].split(", "))
        self.assert_fault(self.group("not a token"), 400, "client token")

    def test_without_the_table(self):
        tables.METADATA.drop_all(api_db.get_engine())
        refused = self.group()
        self.assert_fault(refused, 503, "with the same token")
        self.assertEqual(202, self.group(token=None).status_code)


for woven, names in itertools.product(
    (False, True), itertools.permutations(DECORATORS)
):
    where = "Woven" if woven else "InSource"
    name = "".join([where, *(part.title().replace("_", "") for part in names)])
    globals()[name] = type(
        name,
        (Order, _TestCase),
        {
            "__module__": __name__,
            "woven": woven,
            "decorators": [DECORATORS[part] for part in names],
        },
    )


class BelowTheCheckOfAnswers(base.TestCase):
    """Below response_body_schema it is refused when the API starts."""

    def decorate_with(self, *decorators):
        self.useFixture(
            releases.InSource(
                server_groups.ServerGroupController,
                "create",
                decorate(*decorators),
            )
        )

    def test_it_is_refused(self):
        for decorators in (
            (CHECK, idempotent),
            (ERRORS, CHECK, idempotent),
            (CHECK, ERRORS, idempotent),
            (CHECK_OF_NEWER, idempotent, CHECK),
            (CHECK, CHECK_OF_NEWER, idempotent),
        ):
            self.decorate_with(*decorators)
            error = self.assertRaises(
                TypeError, router.APIRouterV21.factory, {}
            )
            self.assertIn("put @idempotent on top", str(error))
            self.assertIn("POST /os-server-groups", str(error))

    def test_above_it_is_taken(self):
        for decorators in (
            (idempotent, CHECK),
            (idempotent, ERRORS, CHECK),
            (ERRORS, idempotent, CHECK),
            (CHECK,),
        ):
            self.decorate_with(*decorators)
            router.APIRouterV21.factory({})
