# SPDX-License-Identifier: Apache-2.0
"""Sessions of keystoneauth that carry tokens to a small cloud."""

from __future__ import annotations

import logging

import fixtures
from keystoneauth1 import adapter
from keystoneauth1 import identity
from keystoneauth1 import session as keystone
import testtools

from openstack_idempotency_client import retry
from openstack_idempotency_client import session as carrying
from tests.unit.client.cloud import Cloud

SERVERS = "/servers"


class SessionTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.start(Cloud())
        # Each test may spend all of it.
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_idempotency_client.session.BUDGET", retry.Budget()
            )
        )
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))

    def start(self, cloud, **options):
        self.cloud = self.useFixture(cloud)
        self.session = self.new_session(**options)
        self.carrier = carrying.attach(self.session)

    def new_session(self, **options):
        session = keystone.Session(
            auth=identity.Password(
                f"{self.cloud.url}/identity/v3",
                username="demo",
                password="secret",
                project_name="demo",
                user_domain_id="default",
                project_domain_id="default",
            ),
            **options,
        )
        self.addCleanup(session.session.close)
        return session

    def service(self, service_type="compute", session=None, **options):
        return adapter.Adapter(
            session or self.session, service_type=service_type, **options
        )

    def post(self, name="a", **options):
        return self.service().post(
            SERVERS, json={"server": {"name": name}}, **options
        )

    def sent(self, service="compute"):
        return [request.token for request in self.cloud.posts(service)]

    def attempts(self):
        return [request.attempt for request in self.cloud.posts()]
