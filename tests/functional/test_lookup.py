# SPDX-License-Identifier: Apache-2.0
"""Protocol section 8: what a look-up of tokens tells."""

from __future__ import annotations

import email.utils
import logging
import urllib.parse

import fixtures

from nova.idempotency import lookup_view
from nova.idempotency import operations
from openstack_idempotency.engine.points import Point
from openstack_idempotency.wsgi import lookup
from testing.nova import base
from tests.functional import existing
from tests.functional.looking_up import GROUP
from tests.functional.looking_up import Looks
from tests.functional.looking_up import PATH


class OfAToken(Looks, base.TestCase):
    """With a token: the caller's own uses of it."""

    def test_one_that_succeeded(self):
        first = self.boot("t")
        (use,) = self.uses("t")
        (row,) = self.rows()
        server = first.json()["server"]
        self.assertEqual("POST /servers", use["target"])
        self.assertEqual("succeeded", use["state"])
        self.assertEqual(202, use["status"])
        self.assertIs(True, use["linked"])
        self.assertEqual(row.id, use["id"])
        self.assertEqual(self.id_of(first), use["request_id"])
        self.assertEqual(
            [{"type": "server", "id": server["id"], "links": server["links"]}],
            use["resources"],
        )
        self.assertEqual(self.api.project_id, use["project_id"])
        self.assertEqual(self.date(row.created_at), use["created_at"])
        end = self.date(row.created_at + 86400 * 1000)
        self.assertLessEqual(end, use["expires_at"])

    def test_what_the_service_promises(self):
        for token in ("t", None):
            answer = self.look(token)
            self.assertNotIn("Retry-After", answer.headers)
            self.assertEqual(
                {
                    "client_tokens": [],
                    "token_ttl": 86400,
                    "retry_safe": False,
                },
                answer.json(),
            )
        self.configure(every_host=True, token_ttl=7200)
        self.start_api()
        told = self.look("t").json()
        self.assertEqual((7200, True), (told["token_ttl"], told["retry_safe"]))

    def test_it_is_the_same_at_each_microversion(self):
        self.boot("t")
        answers = []
        for version in ("2.1", "2.60", self.microversion, "latest"):
            self.api.microversion = version
            answers.append(self.look("t").json())
        self.api.microversion = self.microversion
        self.assertEqual([answers[0]] * 4, answers)

    def test_it_ends_when_an_answer_says(self):
        answers = [
            self.boot("t"),
            self.post("/os-server-groups", GROUP, "t"),
            self.boot("t"),
        ]
        group, server = [use["expires_at"] for use in self.uses("t")]
        told = [self.end_of(answer) for answer in answers]
        self.assertEqual([server, group, server], told)

    def test_several_targets(self):
        self.boot("t")
        self.post("/os-server-groups", GROUP, "t")
        self.generate("a name with blanks", "t")
        kinds = [use["resources"][0]["type"] for use in self.uses("t")]
        self.assertEqual(["keypair", "server_group", "server"], kinds)
        (shown,) = self.uses("t", "limit=1")
        self.assertTrue(
            shown["resources"][0]["links"][0]["href"].endswith(
                "/os-keypairs/a%20name%20with%20blanks"
            )
        )

    def test_what_is_linked_to_leads_there(self):
        self.boot("t")
        self.post("/os-server-groups", GROUP, "t")
        self.generate("k", "t")
        for use in self.uses("t"):
            href = use["resources"][0]["links"][0]["href"]
            path = urllib.parse.urlsplit(href).path
            found = self.api.api_request(path.partition("/v2.1")[2])
            self.assertEqual(200, found.status_code, href)

    def test_a_refusal_has_left_no_use(self):
        self.assertEqual(
            400, self.boot("t", flavorRef="no such flavor").status_code
        )
        self.assertEqual([], self.uses("t"))
        self.assertEqual([], self.uses())

    def test_one_whose_worker_is_gone(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, lambda: self.boot("t"))
        answer = self.look("t")
        (use,) = answer.json()["client_tokens"]
        self.assertEqual("interrupted", use["state"])
        self.assertIsNone(use["status"])
        self.assertEqual([], use["resources"])
        self.assertNotIn("Retry-After", answer.headers)

    def test_one_that_has_expired_is_not_known(self):
        self.boot("t")
        self.change(expires_at=1)
        self.assertEqual([], self.uses("t"))
        self.assertEqual([], self.uses())

    def test_others_do_not_see_it(self):
        self.boot("t")
        for user, project in (
            ("other", self.api.project_id),
            (self.api.auth_user, "other-project"),
        ):
            api = self.client(user, project)
            self.assertEqual([], self.uses("t", api=api))
            self.assertEqual([], self.uses(api=api))

    def test_while_secrets_are_rotated_it_is_one_use(self):
        self.boot("t")
        self.configure(secret=[base.OTHER_SECRET, base.SECRET])
        self.start_api()
        self.boot("t2")
        self.assertEqual(2, len(self.uses()))
        for token in ("t", "t2"):
            self.assertEqual(1, len(self.uses(token)), token)

    def test_the_other_header_does_as_well(self):
        self.boot("t")
        (use,) = self.uses(**{"Idempotency-Key": '"t"'})
        self.assertEqual("succeeded", use["state"])

    def test_a_project_in_the_path(self):
        self.boot("t")
        answer = self.api.api_request(
            f"/{self.api.project_id}{PATH}", headers={"X-Client-Token": "t"}
        )
        self.assertEqual(1, len(answer.json()["client_tokens"]))

    def id_of(self, answer):
        return answer.headers["x-openstack-request-id"]

    def end_of(self, answer):
        told = answer.headers["X-Client-Token-Expires"]
        ends = email.utils.parsedate_to_datetime(told).timestamp()
        return self.date(int(ends) * 1000)

    def date(self, milliseconds):
        return lookup.date(milliseconds)


class NotLinked(Looks, existing.Existing, base.TestCase):
    """What is known of an operation that is not linked."""

    def test_its_states(self):
        self.assertEqual(202, self.reset("t").status_code)
        (use,) = self.uses("t")
        self.assertEqual(
            ("succeeded", 202, False, []),
            (use["state"], use["status"], use["linked"], use["resources"]),
        )
        self.assertEqual(
            f"POST /servers/{self.server_id}/action", use["target"]
        )
        self.left_by_a_dead_worker(
            Point.BEFORE_METHOD, lambda: self.reset("t2")
        )
        self.assertEqual("interrupted", self.uses("t2")[0]["state"])
        self.assert_fault(self.reset("t2"), 409, "unknown")
        self.assertEqual("unknown", self.uses("t2")[0]["state"])


class Whole(Looks, base.TestCase):
    """What holds for the look-up as a part of Nova."""

    def test_each_kind_has_its_place_in_the_api(self):
        kinds = {
            operation.kind.name
            for operation in operations.OPERATIONS
            if operation.kind is not None
        }
        self.assertEqual(kinds, set(lookup_view.COLLECTIONS))

    def test_no_token_reaches_the_logs(self):
        log = self.useFixture(fixtures.FakeLogger("", level=logging.DEBUG))
        token = "a-token-that-nobody-may-read"
        self.boot(token)
        answer = self.look(token)
        self.assertIn(PATH, log.output)
        self.assertNotIn(token, log.output)
        self.assertNotIn(token, answer.text + str(answer.headers))


class Stock(Looks, base.TestCase):
    """Without our router the cloud has no client tokens."""

    woven = False

    def test_it_is_not_found(self):
        self.look("t", status=404)


class Databases(Looks):
    """What each database has to do for it."""

    def test_it_finds_and_lists_uses(self):
        self.boot("t")
        self.generate("k", "t")
        self.generate("k2", "t2")
        self.assertEqual(2, len(self.uses("t")))
        self.assertEqual(1, len(self.uses("t2")))
        third, second = self.uses(query="limit=2")
        self.assertEqual("k2", third["resources"][0]["id"])
        (first,) = self.uses(query=f"marker={second['id']}")
        self.assertEqual("server", first["resources"][0]["type"])
        admin = self.admin()
        self.assertEqual(3, len(self.uses(query="all_projects=1", api=admin)))


globals().update(base.on_each_database(Databases))
