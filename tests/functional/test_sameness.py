# SPDX-License-Identifier: Apache-2.0
"""Protocol section 2 over Nova's WSGI: what is the same, and whose it is."""

from __future__ import annotations

import json

import fixtures

from nova import policy
from nova.api import auth
from nova.tests.functional.api import client
from openstack_idempotency.engine.points import Point
from testing.nova import base

GROUP = '{"server_group": {"name": "g", "policy": "affinity"}}'
# As HTTP/2 has them; Nova's client keeps the usual ones to itself.
NEW = "openstack-api-version"
OLD = "x-openstack-nova-api-version"


class _TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        # Else Nova's client names one in each request.
        self.api.microversion = None

    def group(self, body=GROUP, **headers):
        """Send a POST with one token."""
        return self.post("/os-server-groups", body, "t", **headers)

    def assert_again(self, answer):
        self.assertEqual(200, answer.status_code, answer.content)
        self.assertEqual("true", answer.headers.get("Idempotent-Replayed"))

    def assert_first(self, answer):
        self.assertEqual(200, answer.status_code, answer.content)
        self.assertNotIn("Idempotent-Replayed", answer.headers)

    def assert_different(self, answer):
        self.assert_fault(answer, 422, "different request")


class Version(_TestCase):
    """The microversion counts as it was asked for."""

    def max_version(self, version):
        """Let Nova be of another release."""
        name = "nova.api.openstack.api_version_request._MAX_API_VERSION"
        self.useFixture(fixtures.MonkeyPatch(name, version))

    def test_latest_is_the_same_after_an_upgrade(self):
        self.max_version("2.90")
        first = self.group(**{NEW: "compute latest"})
        self.assert_first(first)
        self.max_version("2.91")
        for name, value in ((NEW, "compute latest"), (OLD, "latest")):
            again = self.group(**{name: value})
            self.assert_again(again)
            self.assertEqual(first.content, again.content)
            # It bears the version of what it shows, not that of today.
            for answer in (first, again):
                self.assertEqual("compute 2.90", answer.headers[NEW])
                self.assertEqual("2.90", answer.headers[OLD])
        fresh = self.post("/os-server-groups", GROUP, **{OLD: "latest"})
        self.assertEqual("compute 2.91", fresh.headers[NEW])

    def test_latest_is_the_same_for_one_that_is_rebuilt(self):
        self.max_version("2.90")
        latest = {NEW: "compute latest"}
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.group(**latest)
        )
        self.max_version("2.91")
        for _ in range(2):
            again = self.group(**latest)
            self.assert_again(again)
            self.assertEqual("rebuilt", again.headers["X-Client-Token-State"])

    def test_latest_is_no_number(self):
        self.max_version("2.90")
        self.assert_first(self.group(**{NEW: "compute latest"}))
        self.assert_different(self.group(**{NEW: "compute 2.90"}))
        self.assert_different(self.group())

    def test_both_headers_mean_the_same(self):
        self.assert_first(self.group(**{NEW: "compute 2.90"}))
        self.assert_again(self.group(**{OLD: "2.90"}))
        self.assert_different(self.group(**{OLD: "2.89"}))

    def test_none_is_the_default_written_out(self):
        body = '{"server_group": {"name": "g", "policies": ["affinity"]}}'
        self.assert_first(self.group(body))
        self.assert_again(self.group(body, **{NEW: "compute 2.1"}))
        self.assert_again(self.group(body, **{OLD: "2.1"}))


class Body(_TestCase):
    """JSON values, taken from what was sent."""

    def test_another_notation_is_the_same(self):
        self.assert_first(self.group(**{NEW: "compute 2.90"}))
        again = '{ "server_group":{"policy":"\\u0061ffinity", "name":"g"}}'
        self.assert_again(self.group(again, **{NEW: "compute 2.90"}))

    def test_a_type_of_json_is_not_needed(self):
        version = {NEW: "compute 2.90"}
        self.assert_first(self.group(**version))
        for name in ("text/plain", "application/json; charset=utf-8",
                     "application/vnd.openstack.compute+json"):  # fmt: skip
            headers = {"Content-Type": name, **version}
            self.assert_again(self.group(GROUP.replace(" ", ""), **headers))


class Numbers(_TestCase):
    """Numbers are those that were sent, and not what Python makes of them."""

    def boot_with(self, hint):
        """Send a POST /servers with a hint, which may be any number."""
        body = json.dumps(self.server() | {"os:scheduler_hints": {"a": 0}})
        return self.post(
            "/servers",
            body.replace('"a": 0', f'"a": {hint}'),
            "t",
            **{NEW: "compute 2.90"},
        )

    def assert_one(self, first, *others):
        answer = self.boot_with(first)
        self.assertEqual(202, answer.status_code, answer.content)
        for other in others:
            again = self.boot_with(other)
            self.assertEqual("true", again.headers["Idempotent-Replayed"])

    def test_a_number_and_its_digits_are_one(self):
        self.assert_one("1e23", "1" + "0" * 23, "10.0E+22")
        self.assert_different(self.boot_with("99999999999999991611392"))
        self.assert_different(self.boot_with('"1e23"'))

    def test_two_that_python_takes_for_infinite_are_two(self):
        self.assert_one("1e400", "10.0e399")
        self.assert_different(self.boot_with("1e401"))
        self.assert_different(self.boot_with("Infinity"))


class Whose(_TestCase):
    """A user who acts for different scopes is several callers."""

    def setUp(self):
        super().setUp()
        # Nova's rules of today leave such callers no POST.
        create = "os_compute_api:os-server-groups:create"
        rule = policy._ENFORCER.registered_rules[create]
        scopes = ["project", "domain", "system"]
        patch = fixtures.MockPatchObject(rule, "scope_types", scopes)
        self.useFixture(patch)
        self.policy.set_rules({create: "@"}, overwrite=False)
        stub = auth.NovaKeystoneContext._create_context

        def scoped(env, **kwargs):
            made = stub(env, **kwargs)
            made.domain_id = env.get("HTTP_X_DOMAIN_ID")
            made.system_scope = env.get("HTTP_OPENSTACK_SYSTEM_SCOPE")
            return made

        name = "nova.api.auth.NovaKeystoneContext._create_context"
        self.useFixture(fixtures.MonkeyPatch(name, scoped))

    def test_each_scope_has_its_own_token(self):
        scopes: tuple[dict[str, str], ...] = (
            {},
            {"X-Domain-Id": "default"},
            {"X-Domain-Id": "other"},
            {"OpenStack-System-Scope": "all"},
            {"OpenStack-System-Scope": "default"},
        )
        ids = set()
        for scope in scopes:
            answer = self.group(**{NEW: "compute 2.90"}, **scope)
            self.assert_first(answer)
            ids.add(answer.json()["server_group"]["id"])
        self.assertEqual(len(scopes), len(ids))
        for scope in scopes:
            self.assert_again(self.group(**{NEW: "compute 2.90"}, **scope))


class Prefix(base.TestCase):
    """The prefix of the API version is no part of the target."""

    older = True

    def test_a_keypair_made_at_one_is_replayed_at_the_other(self):
        url = self.api_fixture.base_url
        self.api.microversion = None
        older = client.TestOpenStackClient(
            self.api.auth_user,
            url.replace("/v2.1", "/v2"),
            project_id=self.api.project_id,
            roles=["reader", "member"],
        )
        body = {"keypair": {"name": "k"}}
        first = self.post("/os-keypairs", body, "t")
        again = self.post("/os-keypairs", body, "t", api=older)
        self.assertEqual(200, first.status_code, first.content)
        self.assertEqual("replayed", again.headers["X-Client-Token-State"])
        self.assertEqual(first.content, again.content)
