# SPDX-License-Identifier: Apache-2.0
"""The product in a real control plane, asked over real connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import http.client
import json
import time
import typing as ty
import unittest

from openstack import connection
import requests

from embedded import cloud
from embedded import config
from embedded import identity
from embedded import ports
from embedded.command import NovaCommand
from embedded.command import OpenStackCommand
from embedded.services import CINDER
from embedded.services import NOVA
from embedded.services import SERVICES
from embedded.story import Story
from openstack_idempotency_client import session
from openstack_idempotency_client.outcome import HEADER
from testing.cloud import Cloud
from testing.cloud import SECONDS
from testing.losing import Losing

CLOUD: Cloud


def setUpModule() -> None:
    global CLOUD  # noqa: PLW0603
    CLOUD = Cloud()
    unittest.addModuleCleanup(CLOUD.close)


class StoryTest(unittest.TestCase):
    """What `make demo` tells, with the real commands, killed and run again."""

    maxDiff = None

    def test_every_step_happens_as_expected(self) -> None:
        # The later steps are played, too: all that differ are told.
        expected, happened = [], []
        for step in Story(CLOUD.site).steps():
            outcome = step.play()
            expected.append((step.title, outcome.expected))
            happened.append((step.title, outcome.happened))
        self.assertTrue(expected)
        self.assertEqual(expected, happened)


class StatusTest(unittest.TestCase):
    """`openstack client token status`: each service is asked."""

    def test_all_of_the_catalogue_keep_tokens(self) -> None:
        told = OpenStackCommand(CLOUD.site).run("client", "token", "status")
        self.assertEqual(0, told.status, told.errors)
        for service in SERVICES:
            said = told.property(service.kind)
            self.assertIn("keeps client tokens for 86400 s", said)
            self.assertIn("to send a request again is safe", said)


class ConnectionTest(unittest.TestCase):
    """What only a real HTTP connection can show."""

    def post_with_tokens(self, name: str, *tokens: str) -> tuple[int, bytes]:
        body = json.dumps(CLOUD.server(name)).encode()
        connection = http.client.HTTPConnection(
            ports.HOST, CLOUD.site.ports[NOVA.name]
        )
        self.addCleanup(connection.close)
        connection.putrequest("POST", NOVA.path + "/servers")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        for header, value in CLOUD.headers().items():
            connection.putheader(header, value)
        for token in tokens:
            connection.putheader("X-Client-Token", token)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_header_twice_with_different_values_is_refused(self) -> None:
        status, body = self.post_with_tokens("twice", "one", "other")
        self.assertEqual(400, status)
        self.assertIn("badRequest", json.loads(body))
        self.assertEqual([], CLOUD.ids("twice"))

    def test_fifty_at_once_make_one_server(self) -> None:
        body = CLOUD.server("burst")
        with ThreadPoolExecutor(50) as pool:
            answers = list(
                pool.map(lambda _: CLOUD.boot(body, "burst"), range(50))
            )
        self.assertEqual({202}, {a.status_code for a in answers})
        self.assertEqual(1, len({a.content for a in answers}))
        first = [a for a in answers if "Idempotent-Replayed" not in a.headers]
        self.assertEqual(1, len(first))
        self.assertEqual(
            [first[0].json()["server"]["id"]], CLOUD.ids("burst")
        )

    def test_eight_different_at_once_become_active(self) -> None:
        names = [f"parallel-{number}" for number in range(8)]
        with ThreadPoolExecutor(len(names)) as pool:
            answers = list(
                pool.map(lambda n: CLOUD.boot(CLOUD.server(n), n), names)
            )
        self.assertEqual({202}, {a.status_code for a in answers})
        for answer in answers:
            CLOUD.wait_until_active(answer.json()["server"]["id"])


class NetworkTest(unittest.TestCase):
    """A boot on a network, by the real command."""

    def test_server_on_a_network_becomes_active_with_its_address(self) -> None:
        name = CLOUD.network["name"]
        arguments = [
            "--x-client-token", "nic", "boot", "--flavor", cloud.SMALL,
            "--image", cloud.IMAGE, "--nic", f"net-name={name}", "on-network",
        ]
        booted = NovaCommand(CLOUD.site).run(*arguments)
        self.assertEqual(0, booted.status, booted.errors)
        server = booted.property("id")
        CLOUD.wait_until_active(server)
        again = NovaCommand(CLOUD.site).run(*arguments)
        self.assertEqual(server, again.property("id"))
        (port,) = CLOUD.ports(server)
        self.assertEqual("ACTIVE", port["status"])
        shown = CLOUD.ask("compute", f"/servers/{server}")["server"]
        (address,) = shown["addresses"][name]
        self.assertEqual(port["fixed_ips"][0]["ip_address"], address["addr"])


class SdkTest(unittest.TestCase):
    """openstacksdk with its hook, whose first answers are all lost."""

    def setUp(self) -> None:
        logged_in = identity.log_in(CLOUD.site, "admin", "admin")
        self.lost: list[str] = []
        logged_in.session.mount("http://", Losing(self.loses))
        self.conn = connection.Connection(
            session=logged_in,
            region_name=config.REGION,
            vendor_hook="openstack_idempotency_client.sdk:vendor_hook",
        )
        self.addCleanup(self.conn.close)

    def loses(self, request: requests.PreparedRequest) -> bool:
        """Lose the answer to each first try of a POST with a token."""
        is_first = request.headers.get(session.ATTEMPT_HEADER) == "1"
        if is_first:
            self.lost.append(str(request.headers[HEADER]))
        return is_first

    def test_each_service_makes_one(self) -> None:
        # Which version of identity there is, only the catalogue knows.
        conn: ty.Any = self.conn
        name = {"name": "by-sdk"}
        network = conn.network.create_network(**name)
        conn.network.create_port(network_id=network.id, **name)
        conn.image.create_image(**name)
        conn.block_storage.create_volume(size=1, **name)
        conn.identity.create_project(**name)
        conn.placement.create_resource_provider(**name)
        conn.compute.create_keypair(**name)
        self.assertEqual(7, len({*self.lost}))
        for listed in (
            conn.network.networks,
            conn.network.ports,
            conn.image.images,
            conn.block_storage.volumes,
            conn.identity.projects,
            conn.placement.resource_providers,
        ):
            self.assertEqual(1, len(list(listed(**name))))


class VolumeTest(unittest.TestCase):
    """A volume, by the real commands."""

    def become(self, status: str, volume: str) -> None:
        """Wait until a volume has a status.

        :raises AssertionError: it has another one, for too long
        """
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            shown = CLOUD.ask("block-storage", f"/volumes/{volume}")["volume"]
            if shown["status"] == status:
                return
            time.sleep(0.1)
        self.assertEqual(status, shown["status"])

    def test_it_is_made_once_and_attached_once(self) -> None:
        openstack = OpenStackCommand(CLOUD.site)
        create = ("--os-client-token=volume-of-mine",
                  "volume", "create", "--size", "1", "data")  # fmt: skip
        made = openstack.run(*create)
        self.assertEqual(0, made.status, made.errors)
        again = openstack.run(*create)
        volume = made.property("id")
        self.assertEqual(volume, again.property("id"))
        self.become("available", volume)

        answer = CLOUD.boot(CLOUD.server("with-volume"), "with-volume")
        server = answer.json()["server"]["id"]
        CLOUD.wait_until_active(server)
        attach = ("--x-client-token", "attachment-of-mine",
                  "volume-attach", server, volume)  # fmt: skip
        for _ in range(2):
            attached = NovaCommand(CLOUD.site).run(*attach)
            self.assertEqual(0, attached.status, attached.errors)
            self.assertEqual(volume, attached.property("volumeId"))
        self.become("in-use", volume)
        listed = CLOUD.ask("block-storage", "/volumes?name=data")["volumes"]
        self.assertEqual([volume], [each["id"] for each in listed])

    def test_server_has_its_disk_on_a_new_volume(self) -> None:
        body = CLOUD.server("on-a-volume")
        body["server"]["block_device_mapping_v2"] = [{
            "uuid": body["server"].pop("imageRef"),
            "source_type": "image",
            "destination_type": "volume",
            "volume_size": 1,
            "boot_index": 0,
        }]  # fmt: skip
        answers = [CLOUD.boot(body, "on-a-volume") for _ in range(2)]
        self.assertEqual(answers[0].content, answers[1].content)
        server = answers[0].json()["server"]["id"]
        CLOUD.wait_until_active(server)
        path = "/volumes/detail?status=in-use&bootable=true"
        (volume,) = CLOUD.ask("block-storage", path)["volumes"]
        (attachment,) = volume["attachments"]
        self.assertEqual(server, attachment["server_id"])

    def test_twelve_different_at_once_become_available(self) -> None:
        def create(name: str) -> str:
            answer = CLOUD.compute.post(
                "/volumes",
                json={"volume": {"size": 1, "name": name}},
                headers={"X-Client-Token": name},
                endpoint_filter={"service_type": CINDER.kind},
            )
            return str(answer.json()["volume"]["id"])

        # More than ten, which is all that a project has by default.
        names = [f"parallel-{number}" for number in range(12)]
        with ThreadPoolExecutor(len(names)) as pool:
            volumes = list(pool.map(create, names))
        self.assertEqual(len(names), len(set(volumes)))
        for volume in volumes:
            self.become("available", volume)


class RestartTest(unittest.TestCase):
    """The state outlives the processes, and no process outlives the stack."""

    def test_restarted_stack_replays_the_same_bytes(self) -> None:
        body = CLOUD.server("durable")
        before = CLOUD.boot(body, "durable")
        self.assertEqual(202, before.status_code, before.text)

        CLOUD.stack.stop()
        self.assertEqual([], CLOUD.stack.survivors())
        for service, port in CLOUD.site.ports.items():
            self.assertFalse(ports.answers(port), service)
        CLOUD.restart()

        after = CLOUD.boot(body, "durable")
        self.assertEqual(before.status_code, after.status_code)
        self.assertEqual(before.content, after.content)
        self.assertEqual(before.headers["Location"],
                         after.headers["Location"])
        self.assertEqual("true", after.headers["Idempotent-Replayed"])
        self.assertEqual([after.json()["server"]["id"]],
                         CLOUD.ids("durable"))
