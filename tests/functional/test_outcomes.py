# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of requests with tokens: log, numbers, audit."""

from __future__ import annotations

import json
import logging
import re
import typing as ty

import fixtures
from keystonemiddleware import audit
import webob

from nova.idempotency import service
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import conducting
from tests.functional import existing

BOOT = "POST /servers"
# What keystone's middleware says of a caller, and of this service.
USER = "11111111-1111-4111-8111-111111111111"
ENDPOINT = {
    "id": "22222222-2222-4222-8222-222222222222",
    "publicURL": "http://localhost/v2.1",
    "internalURL": "http://localhost/v2.1",
    "adminURL": "http://localhost/v2.1",
}
CATALOG = [{"type": "compute", "name": "nova", "endpoints": [ENDPOINT]}]
MAP = """
[DEFAULT]
target_endpoint_type = compute
[custom_actions]
[path_keywords]
servers = server
[service_endpoints]
compute = service/compute
"""


class Outcomes(existing.Existing, conducting.Conducting, base.TestCase):
    options: ty.ClassVar[dict[str, ty.Any]] = {"wait_timeout": 0}

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.INFO))

    def lines(self):
        """Return the fields of each line of the log that is ours."""
        return [
            dict(re.findall(r"(\w+)=('[^']*'|\S+)", line))
            for line in self.log.output.splitlines()
            if line.startswith("Client token: ")
        ]

    def counted(self):
        """Write the numbers down, and return what is in the table."""
        nova = service.from_configuration()
        assert nova._notes.counting is not None
        nova._notes.counting.write()
        return {
            (one.operation, one.state): one.count
            for one in nova.tokens.outcomes()
        }

    def test_a_line_and_a_number_for_each_outcome(self):
        first = self.boot("t")
        again = self.post(
            "/servers", self.server(), "t", **{"X-Client-Token-Attempt": "2"}
        )
        self.boot("t", name="another")
        self.boot("not a token")
        self.reset("t")
        id_of = [a.headers["x-openstack-request-id"] for a in (first, again)]
        told = self.lines()
        self.assertEqual(
            ["executed", "replayed", "different", "invalid", "executed"],
            [line["state"] for line in told],
        )
        self.assertEqual(
            {
                "state": "replayed",
                "operation": f"'{BOOT}'",
                "status": "202",
                "attempt": "2",
                "request_id": id_of[1],
                "first_request_id": id_of[0],
            },
            {k: v for k, v in told[1].items() if k != "milliseconds"},
        )
        self.assertEqual(
            "'POST /servers/{id}/action os-resetState'", told[-1]["operation"]
        )
        for line in told:
            self.assertGreaterEqual(int(line["milliseconds"]), 0)
        self.assertEqual(
            {
                (BOOT, "executed"): 1,
                (BOOT, "replayed"): 1,
                (BOOT, "retried"): 1,
                (BOOT, "different"): 1,
                (BOOT, "invalid"): 1,
                ("POST /servers/{id}/action os-resetState", "executed"): 1,
            },
            self.counted(),
        )

    def test_without_a_token_there_is_neither(self):
        self.boot()
        self.assertEqual([], self.lines())
        self.assertEqual({}, self.counted())

    def test_what_is_purged(self):
        self.boot("t")
        self.boot("t2")
        self.counted()
        self.change(expires_at=1)
        chores = service.from_configuration()._chores
        assert chores is not None
        chores._purger.purge()
        self.assertEqual([], self.rows())
        self.assertEqual(
            {(BOOT, "executed"): 2, ("", "purged"): 2}, self.counted()
        )

    def test_what_is_withdrawn(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        # Its lease ran out, as time would have it.
        self.change(lease_until=1)
        self.assertEqual(202, self.boot("t").status_code)
        self.assertEqual(
            {
                (BOOT, "took-over"): 1,
                (BOOT, "withdrawn"): 1,
                (BOOT, "executed"): 1,
            },
            self.counted(),
        )


class Audit(base.TestCase):
    """With keystonemiddleware's audit filter before Nova's application."""

    def setUp(self):
        super().setUp()
        path = self.useFixture(fixtures.TempDir()).join("map.conf")
        with open(path, "w") as file:
            file.write(MAP)
        self.sent: list[ty.Any] = []
        handler = logging.Handler()
        handler.emit = (  # type: ignore[method-assign]
            lambda record: self.sent.append(record.args)
        )
        log = logging.getLogger("tests.audit")
        log.setLevel(logging.INFO)
        log.addHandler(handler)
        self.addCleanup(log.removeHandler, handler)
        made = audit.filter_factory(
            {},
            audit_map_file=path,
            use_oslo_messaging="false",
            log_name="tests.audit",
        )
        self.app = made(self.api_fixture.app())

    def send(self, token):
        headers = {
            "X-Auth-User": self.api.auth_user,
            "X-Auth-Project-Id": self.api.project_id,
            "X-Roles": "reader,member",
            "OpenStack-API-Version": f"compute {self.microversion}",
            "X-User-Id": USER,
            "X-User-Name": "somebody",
            "X-Project-Id": self.api.project_id,
            "X-Service-Catalog": json.dumps(CATALOG),
            "X-Auth-Token": "no token",
            "X-Identity-Status": "Confirmed",
        }
        if token is not None:
            headers["X-Client-Token"] = token
        request = webob.Request.blank(
            "/v2.1/servers", method="POST", json=self.server(), headers=headers
        )
        return request.get_response(self.app)

    def events(self):
        """Return the tags of ours of each answer's event, with its outcome."""
        return [
            (
                one["payload"]["outcome"],
                [t for t in one["payload"]["tags"] if "client_token" in t],
            )
            for one in self.sent
            if isinstance(one, dict)
            and one.get("event_type") == "audit.http.response"
        ]

    def test_a_replay_can_be_told_from_a_first_success(self):
        first = self.send("a-token").headers["x-openstack-request-id"]
        self.send("a-token")
        self.send(None)
        self.assertEqual(
            [
                ("success", ["client_token_state?value=executed"]),
                (
                    "success",
                    [
                        "client_token_state?value=replayed",
                        f"client_token_first_request_id?value={first}",
                    ],
                ),
                ("success", []),
            ],
            self.events(),
        )
        self.assertNotIn("a-token", str(self.sent))
