# SPDX-License-Identifier: Apache-2.0

import logging

import fixtures
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity import Password
from keystoneauth1.session import Session
import testtools

from openstack_idempotency_client.session import carrying
from openstack_idempotency_client.token import ClientToken
from tests.unit.client.cloud import Cloud

TOKEN = ClientToken("secret")


class CarryingTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = self.useFixture(Cloud())
        self.session = self.new_session()
        self.heard = []

    def new_session(self):
        session = Session(
            auth=Password(
                f"{self.cloud.url}/identity/v3",
                username="demo",
                password="secret",
                project_name="demo",
                user_domain_id="default",
                project_domain_id="default",
            )
        )
        self.addCleanup(session.session.close)
        return session

    def carrying(self):
        return carrying(self.session, TOKEN, "compute", self.heard.append)

    def service(self, service_type, **options):
        return Adapter(self.session, service_type=service_type, **options)

    def sent(self, service):
        return [request.token for request in self.cloud.posts(service)]

    def test_post_to_the_service_carries_the_token(self):
        with self.carrying():
            answer = self.service("compute").post("/servers", json={})
        self.assertEqual(["secret"], self.sent("compute"))
        self.assertEqual([answer], self.heard)

    def test_post_to_an_overridden_endpoint_carries_the_token(self):
        url = f"{self.cloud.url}/compute"
        with self.carrying():
            self.service("compute", endpoint_override=url).post(
                "/servers", json={}
            )
        self.assertEqual(["secret"], self.sent("compute"))

    def test_other_services_never_see_it(self):
        with self.carrying():
            for service in ("image", "network"):
                self.service(service).post("/things", json={})
        self.assertEqual([None], self.sent("identity"))
        self.assertEqual([None], self.sent("image"))
        self.assertEqual([None], self.sent("network"))
        self.assertEqual([], self.heard)

    def test_other_methods_never_carry_it(self):
        with self.carrying():
            self.service("compute").get("/servers/a")
        self.assertEqual({None}, {r.token for r in self.cloud.requests})

    def test_own_headers_are_kept(self):
        with self.carrying():
            self.service("compute").post(
                "/servers", json={}, headers={"X-Own": "kept"}
            )
        (request,) = self.cloud.posts("compute")
        self.assertEqual("kept", request.headers["X-Own"])
        self.assertEqual("secret", request.token)

    def test_ends_with_its_block(self):
        with self.carrying():
            pass
        self.service("compute").post("/servers", json={})
        self.assertEqual([None], self.sent("compute"))

    def test_other_sessions_stay_as_they_are(self):
        with self.carrying():
            Adapter(self.new_session(), service_type="compute").post(
                "/servers", json={}
            )
        self.assertEqual([None], self.sent("compute"))

    def test_log_of_the_session_hides_the_token(self):
        log = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        with self.carrying():
            self.service("compute").post("/servers", json={})
        self.assertIn('-H "X-Client-Token: ***"', log.output)
        self.assertIn("X-Client-Token: *** x-openstack", log.output)
        self.assertNotIn("secret", log.output)
