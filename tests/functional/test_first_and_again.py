# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3, while nothing goes wrong: first answers and replays."""

from __future__ import annotations

import concurrent.futures
import email.utils
import json
import time

from openstack_idempotency.sql import tables
from testing.nova import base
from testing.nova import releases

_DIFFER = frozenset(
    {
        "Idempotent-Replayed",
        "X-Client-Token-Request-Id",
        "X-Client-Token-State",
        "x-openstack-request-id",
        "x-compute-request-id",
    }
)


class Again(base.Mixin):
    """The same request again gets the first answer, and has no effect."""

    def test_a_server(self):
        first = self.boot("t")
        again = self.boot("t")
        self.assertEqual(202, first.status_code)
        self.assert_replay(first, again)
        self.assertIn("adminPass", first.json()["server"])
        self.assertEqual([first.json()["server"]["id"]], self.servers())

    def test_several_servers(self):
        first = self.boot("t", min_count=3)
        self.assert_replay(first, self.boot("t", min_count=3))
        self.assertEqual(3, len(self.servers()))
        (row,) = self.rows()
        self.assertEqual(3, row.bound)

    def test_a_reservation(self):
        first = self.boot("t", return_reservation_id=True)
        again = self.boot("t", return_reservation_id=True)
        self.assertEqual(["reservation_id"], list(first.json()))
        self.assert_replay(first, again)
        self.assertEqual(1, len(self.servers()))

    def test_a_generated_key(self):
        first = self.generate("k", "t")
        again = self.generate("k", "t")
        self.assertEqual(201, first.status_code)
        self.assert_replay(first, again)
        self.assertIn("private_key", first.json()["keypair"])

    def test_an_imported_key(self):
        public = self.generate("k", "t1").json()["keypair"]["public_key"]
        body = {"keypair": {"name": "k2", "public_key": public}}
        first = self.post("/os-keypairs", body, "t2")
        self.assertEqual(201, first.status_code)
        self.assert_replay(first, self.post("/os-keypairs", body, "t2"))

    def test_the_first_answer_is_novas_own(self):
        plain = self.boot()
        first = self.boot("t")
        self.assertEqual(plain.status_code, first.status_code)
        ours = {
            "X-Client-Token",
            "X-Client-Token-Expires",
            "X-Client-Token-State",
        }
        self.assertEqual(plain.headers.keys() | ours, first.headers.keys())
        for body in (plain.json()["server"], first.json()["server"]):
            for field in ("id", "links", "adminPass"):
                body.pop(field)
        self.assertEqual(plain.json().keys(), first.json().keys())
        for name in ("Content-Type", "Vary", "OpenStack-API-Version"):
            self.assertEqual(plain.headers[name], first.headers[name])

    def test_it_tells_how_long_the_token_lives(self):
        now = time.time()
        expires = self.boot("t").headers["X-Client-Token-Expires"]
        at = email.utils.parsedate_to_datetime(expires).timestamp()
        self.assertAlmostEqual(now + 86400, at, delta=60)
        self.assertEqual(
            expires, self.boot("t").headers["X-Client-Token-Expires"]
        )

    def test_the_servers_deletion_changes_nothing(self):
        first = self.boot("t")
        self.api.delete_server(first.json()["server"]["id"])
        self.assert_replay(first, self.boot("t"))
        self.assertEqual([], self.servers())

    def test_an_expired_token_is_a_new_request(self):
        first = self.boot("t")
        self.change(expires_at=0)
        second = self.boot("t")
        self.assertNotIn("Idempotent-Replayed", second.headers)
        self.assertNotEqual(first.content, second.content)
        self.assertEqual(2, len(self.servers()))
        self.assert_replay(second, self.boot("t"))
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(second.json()["server"]["id"], bound.resource_id)

    def assert_replay(self, first, again):
        self.assertEqual(first.status_code, again.status_code)
        self.assertEqual(first.content, again.content)
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assertNotIn("X-Client-Token-Request-Id", first.headers)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        self.assertEqual("executed", first.headers["X-Client-Token-State"])
        self.assertEqual("replayed", again.headers["X-Client-Token-State"])
        # By it the server's events are found, so it is the first one's.
        self.assertEqual(
            first.headers["x-compute-request-id"],
            again.headers["x-compute-request-id"],
        )
        self.assertEqual(
            first.headers["x-openstack-request-id"],
            again.headers["X-Client-Token-Request-Id"],
        )
        self.assertNotEqual(
            first.headers["x-openstack-request-id"],
            again.headers["x-openstack-request-id"],
        )
        kept = [
            {n: v for n, v in answer.headers.items() if n not in _DIFFER}
            for answer in (first, again)
        ]
        self.assertEqual(*kept)
        self.assertIn("X-Client-Token", first.headers)


class AtOnce(base.Mixin):
    """Protocol section 3: who comes while the first one runs."""

    def test_fifty_at_once_make_one_server(self):
        self.boot()  # what the first boot of all sets up is not the subject
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            sent = [pool.submit(self.boot, "t") for _ in range(50)]
        answers = [future.result() for future in sent]
        self.assertEqual(2, len(self.servers()))
        given = {a.content for a in answers if a.status_code == 202}
        self.assertEqual(1, len(given))
        for answer in answers:
            if answer.status_code != 202:
                self.assert_fault(answer, 409, "still running")
                # The more may not wait, the later they may come back.
                pause = int(answer.headers["Retry-After"])
                self.assertIn(pause, range(1, 12))
        self.assertEqual(given, {self.boot("t").content})


globals().update(base.on_each_database(Again))
globals().update(base.on_each_database(AtOnce, releases.CONCURRENT))


class Sameness(base.TestCase):
    """Protocol section 2: which request is the same, and whose token it is."""

    older = True

    def setUp(self):
        super().setUp()
        self.first = self.boot("t")
        self.body = self.server()

    def assert_same(self, answer):
        self.assertEqual(self.first.content, answer.content)
        self.assertEqual(1, len(self.servers()))

    def assert_different(self, answer):
        self.assert_fault(answer, 422, "used for a different request")
        self.assertEqual("t", answer.headers["X-Client-Token"])
        self.assertEqual(1, len(self.servers()))

    def test_key_order_space_and_escapes_do_not_count(self):
        def turned(value):
            if isinstance(value, dict):
                return {k: turned(value[k]) for k in reversed(value)}
            return value

        text = json.dumps(turned(self.body), indent=3)
        escaped = text.replace("vm1", "\\u0076m1")
        self.assert_same(self.post("/servers", escaped, "t"))

    def test_another_flavor(self):
        self.assert_different(self.boot("t", flavorRef="2"))

    def test_another_query(self):
        self.assert_different(self.post("/servers?a=1", self.body, "t"))

    def test_another_microversion(self):
        self.api.microversion = "2.91"
        self.assert_different(self.boot("t"))

    def test_what_is_wrong_in_nova_is_different_all_the_same(self):
        self.assert_different(self.boot("t", flavorRef="no such flavor"))

    def test_the_projects_segment_does_not_count(self):
        path = f"/{self.api.project_id}/servers"
        self.assert_same(self.post(path, self.body, "t"))

    def test_the_versions_prefix_does_not_count(self):
        self.api.microversion = None
        body = self.server()
        del body["server"]["networks"]
        first = self.post("/servers", body, "t2")
        self.assertEqual(202, first.status_code)
        self.api.base_url = self.api.base_url.replace("v2.1", "v2")
        again = self.post("/servers", body, "t2")
        self.assertEqual(first.content, again.content)

    def test_another_users_token_is_another(self):
        other = self.client("somebody", self.api.project_id)
        answer = self.post("/servers", self.body, "t", api=other)
        self.assertEqual(202, answer.status_code)
        self.assertNotIn("Idempotent-Replayed", answer.headers)
        self.assertNotEqual(self.first.content, answer.content)

    def test_another_projects_token_is_another(self):
        project = "0123456789abcdef0123456789abcdef"
        other = self.client("fake", project)
        answer = self.post("/servers", self.body, "t", api=other)
        self.assertEqual(202, answer.status_code)
        self.assertNotEqual(self.first.content, answer.content)

    def test_another_operations_token_is_another(self):
        answer = self.generate("k", "t")
        self.assertEqual(201, answer.status_code)
        self.assertEqual(2, len(self.rows()))

    def test_case_counts(self):
        self.assertNotEqual(self.first.content, self.boot("T").content)

    def test_the_ietfs_name(self):
        for value in ("t", '"t"'):
            answer = self.post(
                "/servers", self.body, **{"Idempotency-Key": value}
            )
            self.assert_same(answer)
            self.assertEqual("t", answer.headers["X-Client-Token"])
