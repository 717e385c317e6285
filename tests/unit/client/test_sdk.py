# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import concurrent.futures
import subprocess
import sys
import uuid

import fixtures
from keystoneauth1.exceptions import ConnectFailure
import openstack
from openstack import exceptions
import testtools

from openstack_idempotency_client import retry
from openstack_idempotency_client.sdk import client_token
from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import IMAGE
from tests.unit.client.cloud import SERVER
from tests.unit.client.shell import Login
from tests.unit.client.shell import OpenStackCommand
from tests.unit.client.wire import Loss

HOOK = "openstack_idempotency_client.sdk:vendor_hook"
CLOUDS = """
clouds:
  here:
    vendor_hook: {hook}
    client_token_attempts: 5
    auth:
      auth_url: {url}/identity/v3
      username: demo
      password: secret
      project_name: demo
      user_domain_id: default
      project_domain_id: default
"""


class SdkTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_idempotency_client.session.BUDGET", retry.Budget()
            )
        )
        self.start(Cloud())

    def start(self, cloud, **options):
        self.cloud = self.useFixture(cloud)
        self.login = self.useFixture(Login(self.cloud))
        self.conn = self.connect(vendor_hook=HOOK, **options)

    def connect(self, **options):
        conn = openstack.connect(
            auth_url=f"{self.cloud.url}/identity/v3", username="demo",
            password="secret", project_name="demo",
            user_domain_id="default", project_domain_id="default", **options,
        )  # fmt: skip
        self.addCleanup(conn.close)
        return conn

    def boot(self, conn=None):
        return (conn or self.conn).compute.create_server(
            name="a", flavor_id="1", image_id=IMAGE, networks="none"
        )

    def sent(self):
        return [request.token for request in self.cloud.posts()]


class HookTest(SdkTest):
    def test_each_post_gets_a_token(self):
        self.boot()
        self.boot()
        first, second = map(uuid.UUID, self.sent())
        self.assertEqual(7, first.version)
        self.assertNotEqual(first, second)

    def test_token_of_a_block(self):
        with client_token("order-1"):
            self.assertEqual(SERVER, self.boot().id)
            self.assertEqual("first-pass", self.boot().admin_password)
        self.assertEqual(["order-1"] * 2, self.sent())
        self.assertEqual(1, len(self.cloud.made))

    def test_threads(self):
        def boot(number):
            with client_token(f"t{number % 10}"):
                return self.boot().id

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(boot, range(40)))
        self.assertEqual(10, len(self.cloud.made))

    def test_posts_to_other_services_have_one_each(self):
        self.conn.network.create_network(name="web")
        self.conn.block_storage.create_volume(name="web", size=1)
        for service in ("network", "block-storage"):
            (post,) = self.cloud.posts(service)
            self.assertEqual(7, uuid.UUID(post.token).version)

    def test_other_connections_send_none(self):
        self.boot(self.connect())
        self.assertEqual([None], self.sent())

    def test_lost_answer(self):
        self.cloud.losses = [Loss.ANSWER, Loss.HALF]
        self.assertEqual(SERVER, self.boot().id)
        self.assertEqual(3, len(self.sent()))
        self.assertEqual(1, len(self.cloud.made))

    def test_lost_answer_where_a_retry_is_not_safe(self):
        self.start(Cloud(retry_safe=False, losses=(Loss.ANSWER,)))
        self.assertRaises(ConnectFailure, self.boot)
        self.assertEqual(1, len(self.sent()))

    def test_retries_of_the_sdk_itself(self):
        self.start(
            Cloud(losses=(Loss.ANSWER,) * 5),
            compute_connect_retries=5, compute_status_code_retries=5,
        )  # fmt: skip
        self.boot()
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual(list("123456"),
                         [one.attempt for one in self.cloud.posts()])

    def test_timeout_of_the_sdk(self):
        self.start(Cloud(losses=(Loss.HELD,)), api_timeout=1)
        self.boot()
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual(2, len(self.sent()))

    def test_refusal(self):
        self.start(Cloud(refusal=403))
        self.assertRaises(exceptions.ForbiddenException, self.boot)


class ConfigurationTest(SdkTest):
    def test_clouds_yaml(self):
        config = self.login.home / "clouds.yaml"
        config.write_text(CLOUDS.format(hook=HOOK, url=self.cloud.url))
        self.useFixture(fixtures.EnvironmentVariable(
            "OS_CLIENT_CONFIG_FILE", str(config)))  # fmt: skip
        self.cloud.losses = [Loss.ANSWER] * 4
        conn = openstack.connect(cloud="here")
        self.addCleanup(conn.close)
        self.boot(conn)
        self.assertEqual(5, len(self.sent()))
        self.assertEqual(1, len(self.cloud.made))

    def test_openstack_command_by_the_variable(self):
        command = self.useFixture(OpenStackCommand(self.cloud, self.login))
        outcome = command.spawn("server", "stop", SERVER, OS_VENDOR_HOOK=HOOK)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assertEqual(7, uuid.UUID(self.sent()[0]).version)
        self.assertEqual([], self.login.entries())

    def test_command_option_and_variable(self):
        command = self.useFixture(OpenStackCommand(self.cloud, self.login))
        command.spawn("--os-client-token=a1", "server", "stop", SERVER,
                      OS_VENDOR_HOOK=HOOK)  # fmt: skip
        self.assertEqual(["a1"], self.sent())


class ImportTest(testtools.TestCase):
    def test_core_needs_no_client(self):
        """A keystoneauth session needs neither Nova nor any client."""
        code = (
            "import sys, warnings\n"
            "warnings.filterwarnings('error', module='openstack_idemp')\n"
            "import openstack_idempotency_client.session\n"
            "roots = {name.partition('.')[0] for name in sys.modules}\n"
            "sys.exit(str(roots & {'nova', 'novaclient', 'openstack', "
            "'openstackclient', 'keyring', 'filelock'} or ''))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        self.assertEqual("\n", done.stderr or "\n")
