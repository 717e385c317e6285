# SPDX-License-Identifier: Apache-2.0
"""Bad headers, and refused and failed requests."""

from __future__ import annotations

from unittest import mock

from openstack_idempotency.engine import points
from openstack_idempotency.sql import tables
from testing.nova import base
from tests.functional import conducting


class BadToken(base.TestCase):
    """Protocol section 1: 400, nothing runs, nothing is stored."""

    def assert_bad(self, **headers):
        answer = self.post("/servers", self.server(), **headers)
        self.assert_fault(answer, 400, "is not valid: it must be 1 to 255")
        self.assertNotIn("X-Client-Token", answer.headers)
        self.assertEqual("invalid", answer.headers["X-Client-Token-State"])
        self.assertEqual([], self.servers())
        self.assertEqual([], self.rows())

    def test_in_either_header(self):
        for name in ("X-Client-Token", "Idempotency-Key"):
            for value in ("", "a b", "x" * 256, "\x7f", "caf\xe9", "a\tb"):
                self.assert_bad(**{name: value})

    def test_a_broken_quoted_string(self):
        for value in ('"', '"a', '"a"b', '""', '"a\\b"', '"a b"'):
            self.assert_bad(**{"Idempotency-Key": value})

    def test_two_different_ones(self):
        for value in ("a, b", "a,b", "a,", ",a"):
            self.assert_bad(**{"X-Client-Token": value})
            self.assert_bad(**{"Idempotency-Key": value})

    def test_it_names_the_header_and_not_the_value(self):
        for name in ("X-Client-Token", "Idempotency-Key"):
            answer = self.post("/servers", self.server(), **{name: "hu sh"})
            self.assert_fault(answer, 400, f"in {name} is not valid")
            self.assertNotIn("hu sh", answer.text)

    def test_the_same_one_twice_is_one(self):
        for number, joint in enumerate((", ", ",")):
            value = joint.join(["a"] * 2)
            headers = {"X-Client-Token": value, "Idempotency-Key": "b c"}
            answer = self.post("/servers", self.server(), **headers)
            self.assertEqual(202, answer.status_code)
            self.assertEqual("a", answer.headers["X-Client-Token"])
            replayed = answer.headers.get("Idempotent-Replayed")
            self.assertEqual("true" if number else None, replayed)
        self.assertEqual(1, len(self.servers()))

    def test_parameters_of_an_idempotency_key_do_not_count(self):
        answers = [
            self.post("/servers", self.server(), **{"Idempotency-Key": key})
            for key in ('"a"', '"a";b=1', "a")
        ]
        self.assertEqual(1, len({answer.content for answer in answers}))
        self.assertEqual(1, len(self.servers()))

    def test_the_longest_and_all_its_characters(self):
        visible = "".join(map(chr, range(0x21, 0x7F))).replace(",", "")
        token = visible.ljust(255, "~")
        first = self.boot(token)
        self.assertEqual(202, first.status_code)
        self.assertEqual(token, first.headers["X-Client-Token"])
        self.assertEqual(first.content, self.boot(token).content)

    def test_other_methods_ignore_it(self):
        server = self.boot().json()["server"]["id"]
        bad = {"X-Client-Token": "not a token"}
        for method, path in (
            ("GET", "/servers"),
            ("PUT", f"/servers/{server}"),
            ("DELETE", f"/servers/{server}"),
        ):
            answer = self.api.api_request(
                path,
                method=method,
                body='{"server": {"name": "vm2"}}',
                headers={"Content-Type": "application/json", **bad},
            )
            self.assertLess(answer.status_code, 300, method)
            self.assertNotIn("X-Client-Token", answer.headers)
        self.assertEqual([], self.rows())


class OneHeader(base.TestCase):
    """Section 1: a header that is not listed is not there."""

    options = {"headers": ["X-Client-Token"]}

    def test_the_other_one_is_ignored(self):
        for value in ("a", "not a token"):
            key = {"Idempotency-Key": value}
            answer = self.post("/servers", self.server(), **key)
            self.assertEqual(202, answer.status_code)
            self.assertNotIn("X-Client-Token", answer.headers)
        self.assertEqual(2, len(self.servers()))
        self.assertEqual([], self.rows())

    def test_the_listed_one_counts(self):
        first = self.boot("a")
        self.assertEqual(first.content, self.boot("a").content)
        self.assertEqual(1, len(self.rows()))


class Refused(conducting.Stories):
    """Section 3: an answer that made nothing leaves the token free."""

    def test_a_refusal_frees_the_token(self):
        refused = self.boot("t", flavorRef="no such flavor")
        self.assert_fault(refused, 400, "Flavor no such flavor")
        self.assertEqual("t", refused.headers["X-Client-Token"])
        self.assertNotIn("X-Client-Token-Expires", refused.headers)
        self.assertEqual([], self.rows())
        self.assertEqual(202, self.boot("t").status_code)

    def test_what_the_schema_refuses(self):
        refused = self.boot("t", name=7)
        self.assert_fault(refused, 400, "Invalid input for field/attribute")
        self.assertEqual([], self.rows())

    def test_what_policy_refuses(self):
        reader = self.client("reader", self.api.project_id)
        reader.project_id, reader.auth_user = self.api.project_id, "reader"
        rules = {"os_compute_api:servers:create": "!"}
        self.policy.set_rules(rules, overwrite=False)
        refused = self.boot("t")
        self.assert_fault(refused, 403, "Policy doesn't allow")
        self.assertEqual("t", refused.headers["X-Client-Token"])
        self.assertEqual([], self.rows())

    def test_what_another_request_made_already(self):
        self.generate("k", "t1")
        refused = self.generate("k", "t2")
        self.assert_fault(refused, 409, "already exists")
        self.assertEqual(1, len(self.rows()))

    def test_a_quota_that_takes_the_server_back(self):
        # Nova counts the members of a group when the server is committed
        # already, and then undoes it.
        body = {"server_group": {"name": "g", "policy": "affinity"}}
        group = self.post("/os-server-groups", body).json()["server_group"]
        body = self.server()
        body["os:scheduler_hints"] = {"group": group["id"]}
        self.flags(server_group_members=0, group="quota")
        refused = self.post("/servers", body, "t")
        self.assert_fault(refused, 403, "too many servers in group")
        self.assertEqual([], self.servers())
        self.assertEqual([], self.rows())
        self.assertEqual([], self.rows(tables.RESOURCES))
        self.flags(server_group_members=1, group="quota")
        self.assertEqual(202, self.post("/servers", body, "t").status_code)

    def test_a_failure_that_committed_nothing_frees_the_token(self):
        spec = "nova.objects.RequestSpec.create"
        with mock.patch(spec, side_effect=RuntimeError("broken")):
            failed = self.boot("t")
        self.assertEqual(500, failed.status_code)
        self.assertEqual("t", failed.headers["X-Client-Token"])
        self.assertEqual([], self.rows())
        self.assertEqual(202, self.boot("t").status_code)
        self.assertEqual(1, len(self.servers()))

    def fails_after_the_commit(self):
        """Let the broker be out of reach; return the server that was made."""
        cast = "nova.conductor.api.ComputeTaskAPI.schedule_and_build_instances"
        with mock.patch(cast, side_effect=RuntimeError("no broker")):
            failed = self.boot("t")
        self.assertEqual(500, failed.status_code)
        self.assertEqual("interrupted", failed.headers["X-Client-Token-State"])
        (server,) = self.servers()
        return server

    def test_a_server_that_nobody_was_asked_to_build_is_withdrawn(self):
        lost = self.fails_after_the_commit()
        # The lease ended with the run: nobody has to wait for that.
        retry = self.boot("t")
        self.assert_executed(retry)
        self.assertNotEqual(lost, retry.json()["server"]["id"])
        self.assertEqual([retry.json()["server"]["id"]], self.servers())
        self.assert_replayed(self.boot("t"), retry)

    def test_a_failure_after_the_commit_names_a_server_that_is_built(self):
        self.fails_after_the_commit()
        self.conductor_takes()
        self.assert_rebuilt(self.boot("t"), 1)


globals().update(base.on_each_database(Refused))


class Running(base.TestCase):
    """Section 3: the same request while the first one runs."""

    options = {"wait_timeout": 0}

    def send_while_the_first_runs(self, send):
        answers = []

        def meanwhile(point):
            if point is points.Point.BEFORE_METHOD:
                points.arm(None)
                answers.append(send())

        points.arm(meanwhile)
        first = self.boot("t")
        return first, answers[0]

    def test_it_is_told_to_come_later(self):
        first, second = self.send_while_the_first_runs(lambda: self.boot("t"))
        self.assertEqual(202, first.status_code)
        self.assert_fault(second, 409, "still running")
        self.assertIn("conflictingRequest", second.json())
        self.assertEqual("1", second.headers["Retry-After"])
        self.assertEqual(first.content, self.boot("t").content)
        self.assertEqual(1, len(self.servers()))

    def test_a_different_one_is_refused_at_once(self):
        first, second = self.send_while_the_first_runs(
            lambda: self.boot("t", name="vm2")
        )
        self.assertEqual(202, first.status_code)
        self.assert_fault(second, 422, "different request")


class TooLarge(base.TestCase):
    """Section 4: an answer above max_response_size is not stored."""

    options = {"max_response_size": 10}

    def test_the_replay_is_rebuilt_without_secrets(self):
        first = self.boot("t").json()["server"]
        again = self.boot("t")
        first.pop("adminPass")
        self.assertEqual(first, again.json()["server"])
        self.assertIsNone(self.rows()[0].sealed)
        self.assertEqual([first["id"]], self.servers())

    def test_a_resource_that_is_gone_is_never_made_again(self):
        self.generate("k", "t")
        self.api.api_delete("/os-keypairs/k")
        again = self.generate("k", "t")
        self.assert_fault(again, 409, "not available any more")
        self.assertEqual([], self.api.api_get("/os-keypairs").body["keypairs"])


class TooLargeOnMysql(base.TestCase):
    """The same, where primary keys are not used twice; SQLite does that."""

    backend = "mysql"
    options = TooLarge.options

    def test_a_name_that_is_used_again_is_another_resource(self):
        self.generate("k", "t")
        self.api.api_delete("/os-keypairs/k")
        self.generate("k", "t2")
        again = self.generate("k", "t")
        self.assert_fault(again, 409, "not available any more")
