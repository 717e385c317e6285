# SPDX-License-Identifier: Apache-2.0
"""What each linked operation leaves, and what its retry gets."""

from __future__ import annotations

import functools
import typing as ty

from nova.idempotency import operations
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql import tables
from testing.nova import base
from testing.nova import releases
from testing.nova import samples

# Died with the worker; nobody has them any more.
_SECRETS = ("adminPass", "private_key")


class Linked(base.Mixin):
    """What each linked operation leaves, and what its retry gets.

    :cvar path: the operation
    :cvar listed: where what it makes is listed
    :cvar versions: microversions with different views of it
    """

    path: str
    listed: str
    versions: ty.ClassVar[tuple[str, ...]]

    def setUp(self) -> None:
        self.useFixture(releases.BootVolume())
        super().setUp()
        self.api = self.api_fixture.admin_api
        self.api.microversion = self.microversion
        (self.key,) = samples.SAMPLES[self.path, None].body

    def make(self, token: str, name: str | None = None) -> ty.Any:
        """Send the request; its name is the token's unless said."""
        body = samples.SAMPLES[self.path, None].body[self.key]
        named = {"name": name or token}
        if "id" in body:
            named["id"] = named["name"]
        return self.post(self.path, {self.key: body | named}, token)

    def made(self) -> list[str]:
        """Return the names of what there is."""
        (found,) = [
            value
            for key, value in self.api.api_get(self.listed).body.items()
            if not key.endswith("_links")
        ]
        entries = [entry.get(self.key, entry) for entry in found]
        return sorted(entry["name"] for entry in entries)

    def test_it_is_bound_to_what_it_makes(self) -> None:
        before = self.made()
        first = self.make("t")
        self.assertEqual([*before, "t"], self.made())
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(self.kind().name, bound.kind)
        made = first.json()[self.key]
        self.assertEqual(str(made["id"]), bound.resource_id)

    def test_before_the_commit_the_retry_runs(self) -> None:
        for point in base.BEFORE_THE_COMMIT:
            before = self.made()
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.make, token)
            )
            self.assertEqual(before, self.made(), point)
            retry = self.make(token)
            self.assertLess(retry.status_code, 300, retry.content)
            self.assertNotIn("Idempotent-Replayed", retry.headers)
            state = retry.headers["X-Client-Token-State"]
            self.assertEqual("executed", state)
            self.assertEqual(sorted([*before, token]), self.made(), point)
            self.assertEqual(retry.content, self.make(token).content)

    def test_after_the_commit_the_retry_gets_what_was_made(self) -> None:
        plain = self.make("plain")
        for point in base.AFTER_THE_COMMIT:
            before = self.made()
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.make, token)
            )
            self.assertEqual(sorted([*before, token]), self.made(), point)
            self.gone_on_with()
            retry = self.make(token)
            self.assertEqual(plain.status_code, retry.status_code)
            self.assert_rebuilt(retry)
            self.assertEqual(
                plain.json()[self.key].keys() - set(_SECRETS),
                retry.json()[self.key].keys(),
            )
            self.assertEqual(sorted([*before, token]), self.made(), point)
            self.assertEqual(retry.content, self.make(token).content)

    def test_the_rebuilt_answer_is_the_first_one_but_for_secrets(self) -> None:
        for version in self.versions:
            self.api.microversion = version
            first = self.make(version.replace(".", "-"))
            self.assertLess(first.status_code, 300, first.content)
            self.lose_the_answers()
            rebuilt = self.make(version.replace(".", "-"))
            self.assertEqual(first.status_code, rebuilt.status_code)
            self.assert_rebuilt(rebuilt)
            self.assertEqual(
                self.lasting(first), self.lasting(rebuilt), version
            )
            self.assertEqual(
                first.headers.get("Location"), rebuilt.headers.get("Location")
            )

    def test_a_slow_worker_cannot_commit_after_its_retry(self) -> None:
        retries = []

        def overtake(reached: Point) -> None:
            if reached is Point.BEFORE_METHOD:
                points.arm(None)
                self.change(lease_until=0)
                retry = base.elsewhere(lambda: self.make("t", "one"))
                retries.append(retry)

        before = self.made()
        points.arm(overtake)
        slow = self.make("t", "one")
        self.assertLess(retries[0].status_code, 300)
        # Whatever Nova says, which may see first that the name is taken.
        self.assert_fault(slow, 409, "took over")
        self.assertEqual("taken-over", slow.headers["X-Client-Token-State"])
        self.assertEqual(sorted([*before, "one"]), self.made())
        self.assertEqual(retries[0].content, self.make("t", "one").content)

    def gone_on_with(self) -> None:
        """Do what makes what was committed complete: nothing, but for servers.

        One that nobody was asked to build is withdrawn.
        """

    def assert_rebuilt(self, answer: ty.Any) -> None:
        self.assertEqual("true", answer.headers["Idempotent-Replayed"])
        self.assertEqual("rebuilt", answer.headers["X-Client-Token-State"])

    def lasting(self, answer: ty.Any) -> dict[str, ty.Any]:
        """Return what an answer shows, and the database holds as it is."""
        shown = answer.json()[self.key]
        # MySQL drops the fractions of seconds that the first answer has.
        passing = (*_SECRETS, "created_at")
        return {k: v for k, v in shown.items() if k not in passing}

    def lose_the_answers(self) -> None:
        """Leave what workers leave that die before they store an answer."""
        self.gone_on_with()
        self.change(state="running", sealed=None, status=None, lease_until=0)

    def kind(self) -> ty.Any:
        row = operations.find(self.path, None)
        assert row is not None
        return row.kind


class Deleted(base.Mixin):
    """What was made is not there any more when the retry comes."""

    def deleted(self, token: str, name: str) -> None:
        """Let something be made, its worker die, and somebody delete it."""
        made = self.make(token, name).json()[self.key]
        self.lose_the_answers()
        # SQLite would give the key of the last row to the next one.
        self.make("last")
        self.api.api_delete(f"{self.path}/{made['id']}")

    def test_deleted_before_the_retry_it_is_not_made_again(self) -> None:
        self.deleted("t", "name")
        for _ in range(2):
            answer = self.make("t", "name")
            self.assert_fault(answer, 409, "not available any more")
        self.assertIn("last", self.made())
        self.assertNotIn("name", self.made())

    def test_deleted_and_made_again_it_is_not_the_same(self) -> None:
        self.deleted("t", "name")
        self.make("t2", "name")
        answer = self.make("t", "name")
        self.assert_fault(answer, 409, "not available any more")
