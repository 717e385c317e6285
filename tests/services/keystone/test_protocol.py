# SPDX-License-Identifier: Apache-2.0
"""The protocol, with projects."""

from __future__ import annotations

import typing as ty

import fixtures
import webob

from openstack_idempotency.sql import tables
from tests.services import base as common
from tests.services import protocol
from tests.services.keystone import base
from tests.services.keystone.world import PASSWORD
from tests.services.world import Caller

_SYSTEM: ty.Final = Caller(project=None, system=True)
_DOMAIN: ty.Final = Caller(project=None, domain="default")


class _Simple(base.KeystoneTestCase):
    path = "/projects"


class RefusedTest(_Simple, protocol.Refused):
    pass


class ScopeTest(_Simple, protocol.Scope):
    def test_system_and_domain_are_told_apart(self):
        """Both are without a project, and of one user."""
        first = self.once(caller=_SYSTEM)
        self.assertEqual(201, first.status_int, first.text)
        self.assertEqual([], self.uses(_DOMAIN))
        self.asked = self.wanted(self.path)
        answer = self.once(caller=_DOMAIN)
        self.assertEqual("executed", self.state(answer), answer.text)
        self.assertEqual(2, len(self.rows()))
        self.assertEqual(1, len(self.uses(_DOMAIN)))

    def uses(self, caller: Caller) -> list[ty.Any]:
        answer = self.send("GET", "/os-client-tokens", token="t",
                           caller=caller)  # fmt: skip
        self.assertEqual(200, answer.status_int, answer.text)
        found: list[ty.Any] = answer.json["client_tokens"]
        return found


class PassingTest(_Simple, protocol.Passing):
    def forget(self, req: webob.Request) -> None:
        req.headers["X-Auth-Token"] = "a-bad-one"

    def test_tokens_of_keystone_s_are_never_stored(self):
        """Not even if who asks has one already (protocol section 7)."""
        given = {"name": "admin", "password": PASSWORD,
                 "domain": {"id": "default"}}  # fmt: skip
        identity = {"methods": ["password"], "password": {"user": given}}
        for caller in (None, Caller()):
            answer = self.send(
                "POST", "/auth/tokens", {"auth": {"identity": identity}}, "t",
                caller,
            )  # fmt: skip
            self.assertEqual(201, answer.status_int, answer.text)
            self.assertIsNone(self.state(answer))
            self.assertEqual([], self.rows())


class MisplacedTest(_Simple, protocol.Misplaced):
    pass


class BodiesTest(_Simple, protocol.Bodies):
    pass


class LookUpTest(_Simple, protocol.LookUp):
    pass


class Broken(Exception):
    """What nobody expects."""


class HazardsTest(base.KeystoneTestCase):
    """What is particular to Keystone."""

    def test_what_leaves_its_application_is_answered(self):
        """Flask passes on what it does not know: then uWSGI gives none."""

        def broken(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            raise Broken

        wanted = self.wanted("/projects")
        name = "keystone.resource.backends.sql.Resource.create_project"
        with fixtures.MonkeyPatch(name, broken):
            self.assertRaises(Broken, self.post, "/projects", wanted)
            answer = self.post("/projects", wanted, "t")
        self.assertEqual(500, answer.status_int, answer.text)
        self.assertIn("X-Client-Token-State", self.fault(answer))
        self.assertEqual("interrupted", self.state(answer))
        # Nothing was made, so the next one runs.
        answer = self.post("/projects", wanted, "t")
        self.assertEqual("executed", self.state(answer), answer.text)
        self.assertEqual(201, answer.status_int)

    def test_a_secret_is_replayed_and_never_rebuilt(self):
        path = "/users/{user_id}/application_credentials"
        wanted = self.wanted(path)
        first = self.post(path, wanted, "t").json["application_credential"]
        again = self.post(path, wanted, "t").json["application_credential"]
        self.assertEqual(first["secret"], again["secret"])
        self.change(sealed=None)
        rebuilt = self.post(path, wanted, "t")
        self.assertEqual("rebuilt", self.state(rebuilt))
        self.assertNotIn("secret", rebuilt.json["application_credential"])

    def test_several_limits_are_bound_to_one_token(self):
        path = "/registered_limits"
        one, two = self.wanted(path).body, self.wanted(path).body
        both = one["registered_limits"] + two["registered_limits"]
        body = {"registered_limits": both}
        first = self.send("POST", path, body, "t")
        self.assertEqual(201, first.status_int, first.text)
        self.assertEqual(2, len(self.rows(tables.RESOURCES)))
        self.change(sealed=None)
        rebuilt = self.send("POST", path, body, "t")
        self.assertEqual("rebuilt", self.state(rebuilt))
        self.assertEqual(
            common.shown(first, ()), common.shown(rebuilt, ())
        )
        # One is gone: what is left is not the answer.
        gone = first.json["registered_limits"][0]["id"]
        self.ask("DELETE", f"{path}/{gone}")
        lost = self.send("POST", path, body, "t")
        self.assertEqual("answer-lost", self.state(lost), lost.text)
