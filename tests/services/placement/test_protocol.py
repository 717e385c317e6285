# SPDX-License-Identifier: Apache-2.0
"""The protocol, with resource providers."""

from __future__ import annotations

import io
import typing as ty

import fixtures
from placement.handlers import allocation
import webob

from tests.services import base as common
from tests.services import protocol
from tests.services.commits import Commits
from tests.services.placement import base
from tests.services.placement import world

_PROVIDERS: ty.Final = "/resource_providers"


class _Simple(base.PlacementTestCase):
    path = _PROVIDERS


class RefusedTest(_Simple, protocol.Refused):
    def test_an_error_has_the_code_of_newer_versions(self):
        self.once()
        answer = self.send(
            "POST", _PROVIDERS, {"name": "other"}, "t", **world.NEWEST
        )
        (error,) = answer.json["errors"]
        self.assertEqual("placement.undefined_code", error["code"])
        self.assertIn("placement ", answer.headers["OpenStack-API-Version"])


class ScopeTest(_Simple, protocol.Scope):
    pass


class PassingTest(_Simple, protocol.Passing):
    def forget(self, req: webob.Request) -> None:
        del req.headers["X-Auth-Token"]


class MisplacedTest(_Simple, protocol.Misplaced):
    pass


class BodiesTest(_Simple, protocol.Bodies):
    def test_none_at_all(self):
        """Nobody waits for a body that no header announces."""

        class Waits(io.RawIOBase):
            def read(self, size: int = -1) -> bytes:
                raise AssertionError("it would wait for ever")

        given = {"X-Client-Token": "t", **self.samples[self.path].headers}
        req = self.world.request("POST", self.asked.path, **given)
        req.environ["wsgi.input"] = Waits()
        req.environ.pop("CONTENT_LENGTH", None)
        answer = self.world.send(req)
        self.assertEqual("executed", self.state(answer), answer.text)
        self.assertGreaterEqual(answer.status_int, 400)


class LookUpTest(_Simple, protocol.LookUp):
    pass


class VersionsTest(_Simple):
    """Section 2: the version as it is asked for."""

    def asks(self, version: str | None, token: str = "t") -> ty.Any:
        headers = {"OpenStack-API-Version": version} if version else {}
        body = self.wants.body
        return self.send("POST", _PROVIDERS, body, token, **headers)

    def setUp(self) -> None:
        super().setUp()
        self.wants = self.wanted(_PROVIDERS)

    def test_none_is_the_oldest(self):
        first = self.asks(None)
        self.assertEqual(201, first.status_int)
        again = self.asks("placement 1.0")
        self.assertEqual("replayed", self.state(again))
        self.assertEqual(first.headers["Location"], again.headers["Location"])

    def test_another_one_is_another_request(self):
        self.asks("placement 1.10")
        for version in ("1.1", "latest"):
            answer = self.asks(f"placement {version}")
            self.assertEqual("different", self.state(answer))

    def test_of_another_service_counts_as_none(self):
        self.asks("placement 1.5")
        both = "compute 2.1,placement 1.5"
        self.assertEqual("replayed", self.state(self.asks(both)))

    def test_one_that_placement_does_not_have(self):
        for version in ("placement 9.9", "placement x"):
            answer = self.asks(version)
            self.assertIn(answer.status_int, (400, 406))
            self.assertEqual("executed", self.state(answer))
        self.assertEqual([], self.rows())

    def test_rebuilt_as_each_version_shows_it(self):
        for version in ("1.0", "1.14", "1.19", "1.20", "latest"):
            self.wants = self.wanted(_PROVIDERS)
            asked = f"placement {version}"
            first = self.asks(asked, version)
            self.change(sealed=None)
            rebuilt = self.asks(asked, version)
            self.assertEqual("rebuilt", self.state(rebuilt))
            self.assertEqual(first.status_int, rebuilt.status_int)
            self.assertEqual(
                common.shown(first, ()), common.shown(rebuilt, ())
            )
            for name in ("Location", "OpenStack-API-Version"):
                self.assertEqual(first.headers[name], rebuilt.headers[name])


class HazardsTest(base.PlacementTestCase):
    """What is particular to placement's transactions."""

    def test_who_lost_the_token_deletes_no_consumer(self):
        """The retry may have let it allocate (protocol section 5)."""
        path = "/allocations"
        wanted = self.wanted(path)
        (consumer,) = wanted.body
        # At this version a consumer is no conflict.
        older = {"OpenStack-API-Version": "placement 1.13"}
        given = {
            consumer: {
                key: wanted.body[consumer][key]
                for key in ("allocations", "project_id", "user_id")
            }
        }
        retries: list[ty.Any] = []

        def send() -> ty.Any:
            return self.send("POST", path, given, "t", **older)

        going_on = allocation.create_allocation_list

        def overtaken(*args: ty.Any) -> ty.Any:
            # The consumer is committed by now.
            if not retries:
                retries.append(None)
                self.change(lease_until=0)
                retries[0] = common.elsewhere(send)
            return going_on(*args)

        name = "placement.handlers.allocation.create_allocation_list"
        self.useFixture(fixtures.MonkeyPatch(name, overtaken))
        slow = send()
        self.assertEqual("taken-over", self.state(slow), slow.text)
        self.assertEqual(204, retries[0].status_int, retries[0].text)
        self.assertIn(consumer, "".join(self.there("consumers")))
        shown = self.ask("GET", f"/allocations/{consumer}")
        self.assertEqual(1, len(shown["allocations"]))

    def test_what_is_nobody_s_is_no_success(self):
        """After an error Placement deletes the consumer, new as it is."""
        path = "/allocations"
        wanted = self.wanted(path)
        (consumer,) = wanted.body
        # Its own is the first commit, the allocations are the second.
        with Commits(self.world.engine, ValueError, after=2):
            first = self.post(path, wanted, "t")
        self.assertEqual("interrupted", self.state(first), first.text)
        self.assertNotIn(consumer, "".join(self.there("consumers")))
        self.assertIn(consumer, "".join(self.there("allocations")))
        with self.effects() as seen:
            retry = self.post(path, wanted, "t")
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(retry), retry.text)
        # What the page says of them: they go when it is given some again.
        again = self.post(path, wanted, "another")
        self.assertEqual(204, again.status_int, again.text)
        left = "".join(self.there("allocations"))
        self.assertEqual(1, left.count(consumer))

    def test_what_fails_without_a_trace_can_be_corrected(self):
        """A refusal frees the token, and leaves no consumer."""
        path = "/allocations"
        wanted = self.wanted(path)
        (consumer,) = wanted.body
        (allocated,) = wanted.body[consumer]["allocations"].values()
        allocated["resources"][world.VCPU] = 100
        answer = self.post(path, wanted, "t")
        self.assertEqual(409, answer.status_int)
        self.assertEqual("executed", self.state(answer))
        self.assertNotIn(consumer, "".join(self.there("consumers")))
        allocated["resources"][world.VCPU] = 1
        answer = self.post(path, wanted, "t")
        self.assertEqual(204, answer.status_int, answer.text)
