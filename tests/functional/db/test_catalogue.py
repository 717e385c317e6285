# SPDX-License-Identifier: Apache-2.0
"""What operators see of the table, and what they may change."""

from __future__ import annotations

import dataclasses
import typing as ty

import fixtures

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import SCOPE
from openstack_idempotency.fixture.contract import TTL
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import catalogue
from openstack_idempotency.sql import census
from openstack_idempotency.sql.entry import Entry
from openstack_idempotency.sql.entry import FREE
from openstack_idempotency.sql.entry import IN_DOUBT
from openstack_idempotency.sql.entry import STATES
from openstack_idempotency.sql.entry import Wanted
from tests.functional.db import base

OTHER = dataclasses.replace(SCOPE, user_id="other")
_LEASE = contract.LEASE / 1000 + 0.001


class _Operating(base.StoreTestCase):
    def done(self, token: str, **how: ty.Any) -> int:
        held = self.hold(token=token, **how)
        self.store.complete(held.claim, self.outcome())
        return held.claim.id

    def listed(self, limit: int = 100, **wanted: ty.Any) -> list[int]:
        found = self.store.entries(Wanted(**wanted), limit)
        return [one.number for one in found]

    def in_short_stretches(self) -> None:
        for module, name in ((catalogue, "_STRETCH"), (catalogue, "_BATCH"),
                             (census, "_STRETCH")):  # fmt: skip
            self.useFixture(
                fixtures.MonkeyPatch(f"{module.__name__}.{name}", 2)
            )


@base.on_each_backend
class _Entries(_Operating):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.done("1")
        self.clock.forward(10)
        self.held = self.hold(token="2", scope=OTHER, secrets=(ONE, TWO))
        self.make(self.held.claim, "a")
        self.make(self.held.claim, "b")
        self.second = self.held.claim.id
        self.clock.forward(10)
        self.third = self.done("3")

    def test_all_the_newest_first(self) -> None:
        both = [self.third, self.second]
        self.assertEqual([*both, self.first], self.listed())
        self.assertEqual(both, self.listed(2))

    def test_few_of_a_long_table(self) -> None:
        self.in_short_stretches()
        self.assertEqual([self.third, self.second], self.listed(2))
        self.assertEqual([self.second], self.listed(user="other"))
        self.assertEqual([self.first], self.listed(older=15_000))
        self.assertEqual(3, len(self.listed()))

    def test_by_each_thing_that_can_be_asked_for(self) -> None:
        wanted: dict[str, ty.Any]
        for wanted in (
            {"number": self.second},
            {"request": self.held.use.request_id},
            {"user": "other"},
            {"user": "other", "project": SCOPE.project_id},
            {"state": State.RUNNING.value},
            {"resource": "b", "kinds": (contract.KIND,)},
            {"older": 10_000, "younger": 10_000},
        ):
            self.assertEqual([self.second], self.listed(**wanted), str(wanted))
        for wanted in (
            {"number": self.second, "user": SCOPE.user_id},
            {"user": "other", "project": "none"},
            {"resource": "b", "kinds": ("another",)},
            {"resource": "a", "kinds": (contract.KIND,), "state": "failed"},
            {"request": "none"},
        ):
            self.assertEqual([], self.listed(**wanted), str(wanted))

    def test_by_the_state_that_is_shown(self) -> None:
        for token, state in (("4", State.UNKNOWN), ("5", State.FAILED)):
            held = self.hold(token=token)
            self.store.complete(held.claim, self.outcome(state))
        self.clock.forward(_LEASE)
        self.store.give_back(self.hold(token="6").use)
        self.hold(token="7")
        shown: dict[str, int] = {}
        for state_ in STATES:
            found = self.store.entries(Wanted(state=state_), 10)
            self.assertEqual({state_} if found else set(),
                             {one.state for one in found})  # fmt: skip
            shown[state_] = len(found)
        self.assertEqual(
            {"running": 1, "succeeded": 2, "failed": 1, "unknown": 0,
             IN_DOUBT: 2, FREE: 1},
            shown,
        )  # fmt: skip

    def test_what_each_made(self) -> None:
        made = {
            one.number: [resource.id for resource in one.resources]
            for one in self.store.entries(Wanted(), 10)
        }
        self.assertEqual(["a", "b"], made[self.second])
        self.assertEqual([], made[self.first])

    def test_a_name_that_was_used_many_times(self) -> None:
        self.in_short_stretches()
        keys: list[int] = []
        for number in range(5):
            held = self.hold(token=f"same {number}")
            self.make(held.claim, "same")
            keys.insert(0, held.claim.id)
        same: dict[str, ty.Any] = {
            "resource": "same",
            "kinds": (contract.KIND,),
        }
        self.assertEqual(keys, self.listed(**same))
        self.assertEqual(keys[:3], self.listed(3, **same))

    def test_of_an_empty_table(self) -> None:
        self._empty()
        self.assertEqual([], self.listed())


@base.on_each_backend
class _Counts(_Operating):
    def test_by_state_and_life(self) -> None:
        self.in_short_stretches()
        self.done("ended", secrets=(ONE, TWO))
        self.clock.forward(TTL / 1000)
        for token in ("1", "2", "3"):
            self.done(token)
        self.hold(token="dead")
        self.clock.forward(_LEASE)
        self.hold(token="alive", secrets=(TWO, ONE))
        self.assertEqual(
            {
                ("succeeded", True): 1,
                ("succeeded", False): 3,
                ("running", False): 1,
                (IN_DOUBT, False): 1,
            },
            self.store.counts(),
        )

    def test_none(self) -> None:
        self.assertEqual({}, self.store.counts())
        self.assertEqual([], self.store.keys_by_host())

    def test_who_wrote_with_which_secret(self) -> None:
        self.in_short_stretches()
        self.wrote("too old", "0")
        self.clock.forward(TTL / 1000)
        self.wrote("a", "1", "2", secrets=(ONE, TWO))
        self.wrote("b", "3", "4", "5", "6", "7")
        self.wrote("c", "8")
        self.store._settings = dataclasses.replace(
            self.store._settings, key_ids=("another",)
        )
        self.assertEqual(
            [("a", "key-1"), ("b", "key-1"), ("c", "key-1")],
            self.store.keys_by_host(),
        )

    def wrote(self, host: str, *tokens: str, **how: ty.Any) -> None:
        self.store._settings = dataclasses.replace(
            self.store._settings, host=host
        )
        for token in tokens:
            self.done(token, **how)
            self.clock.forward(0.001)


@base.on_each_backend
class _Free(_Operating):
    def shown(self) -> Entry:
        (one,) = self.store.entries(Wanted(), 10)
        return one

    def freed(self) -> bool:
        return self.store.free_in_doubt(self.shown())

    def test_one_in_doubt_runs_again(self) -> None:
        held = self.hold()
        self.make(held.claim)
        self.assertFalse(self.freed())
        self.clock.forward(_LEASE)
        self.assertTrue(self.freed())
        self.assertTrue(self.is_free())
        self.assertEqual((), self.store.resources(held.claim.id))
        self.assertEqual(FREE, self.shown().state)
        self.assertFalse(self.freed())

    def test_what_nobody_was_asked_about_stays(self) -> None:
        """Somebody thinks about one, and meanwhile another request dies."""
        self.hold()
        self.clock.forward(_LEASE)
        before = self.shown()
        again = self.take("rerun")
        for name in "ab":
            self.make(again.claim, name)
            self.clock.forward(_LEASE)
            self.assertEqual(IN_DOUBT, self.shown().state)
            self.assertFalse(self.store.free_in_doubt(before))
            before = self.shown()
        self.assertTrue(self.store.free_in_doubt(before))

    def test_the_worker_that_had_it_cannot_go_on(self) -> None:
        held = self.hold()
        self.clock.forward(_LEASE)
        self.assertTrue(self.freed())
        self.store.extend([held.claim])
        self.assertFalse(self.store.complete(held.claim, self.outcome()))
        self.assertTrue(self.is_free())

    def test_one_that_is_not_in_doubt_stays(self) -> None:
        self.done("token")
        self.assertFalse(self.freed())
        self.assertIsNotNone(self.row().sealed)
