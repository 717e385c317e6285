# SPDX-License-Identifier: Apache-2.0
"""Protocol section 8: what a look-up tells, and when it waits."""

from __future__ import annotations

import dataclasses
import typing as ty

import ddt
import testtools

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.standing import Found
from openstack_idempotency.protocol.standing import Standing
from openstack_idempotency.protocol.standing import standing
from tests.unit.library import base

NOW = 1_700_000_000_000
LEASE = NOW + 60_000
RUNNING = Record(
    id=1,
    digest=b"",
    fingerprint=b"",
    state=State.RUNNING,
    owner="",
    linked=True,
    bound=0,
    takeovers=0,
    undo=0,
    roles=frozenset({"member"}),
    lease_until=LEASE,
    expires_at=LEASE + 3_600_000,
    request_id="req-1",
    status=None,
    sealed=None,
)
MEMBER = frozenset({"member", "reader"})


def use(**fields: ty.Any) -> Found:
    """Return a use whose request runs, but for some fields."""
    seen_at = fields.pop("seen_at", NOW)
    record = dataclasses.replace(RUNNING, **fields)
    return Found(record, "POST /servers", "p", "u", NOW - 5, seen_at)


@ddt.ddt
class StandingTest(testtools.TestCase):
    @ddt.data(
        (use(), Standing.RUNNING),
        (use(bound=1), Standing.RUNNING),
        (use(seen_at=LEASE), Standing.INTERRUPTED),
        (use(seen_at=LEASE, bound=1), Standing.INTERRUPTED),
        (use(seen_at=LEASE, linked=False), Standing.INTERRUPTED),
        (use(state=State.SUCCEEDED), Standing.SUCCEEDED),
        (use(state=State.FAILED), Standing.FAILED),
        (use(state=State.UNKNOWN), Standing.UNKNOWN),
    )
    @ddt.unpack
    def test_each_state(self, found: Found, expected: Standing) -> None:
        self.assertIs(expected, standing(found, MEMBER))
        self.assertIs(expected, standing(found, frozenset({"member"})))
        self.assertIs(Standing.FORBIDDEN, standing(found, frozenset()))
        # Somebody to whom the policy shows it.
        self.assertIs(expected, standing(found, None))

    def test_what_is_written_down_is_settled(self) -> None:
        self.assertFalse(use().settled)
        self.assertFalse(use(seen_at=LEASE).settled)
        for state in (State.SUCCEEDED, State.FAILED, State.UNKNOWN):
            self.assertTrue(use(state=state).settled)

    def test_an_end_that_is_not_known_is_a_life_away(self) -> None:
        self.assertEqual(NOW + 7, use(expires_at=NOW + 7).lives_until(9))
        self.assertEqual(NOW + 9, use(expires_at=2**62).lives_until(9))


class Finder:
    """The port of the same name: what it finds, one time after the other."""

    def __init__(self, *found: list[Found]) -> None:
        self._found = list(found)
        self.asked: list[ty.Sequence[bytes]] = []

    def found(self, digests: ty.Sequence[bytes]) -> list[Found]:
        self.asked.append(digests)
        return self._found.pop(0) if self._found[1:] else self._found[0]


class LookupTest(base.EngineTestCase):
    def looks(
        self,
        finder: Finder,
        wait: float = 30,
        roles: frozenset[str] = MEMBER,
    ) -> list[Found]:
        lookup = self.engine.lookup(finder)
        return lookup.uses("token", base.SCOPE, roles, wait)

    def test_it_asks_for_the_caller_s_token(self) -> None:
        finder = Finder([])
        self.assertEqual([], self.looks(finder))
        digests = self.engine.parts.digests.of_token(base.SCOPE, "token")
        self.assertEqual([digests], finder.asked)

    def test_it_waits_for_the_end_of_all(self) -> None:
        ended = use(state=State.SUCCEEDED)
        finder = Finder([use(), use()], [ended, use()], [ended, ended])
        self.assertEqual([ended, ended], self.looks(finder))
        self.assertEqual(2, len(self.clock.slept))

    def test_without_being_asked_it_does_not_wait(self) -> None:
        self.assertEqual([use()], self.looks(Finder([use()]), wait=0))
        self.assertEqual([], self.clock.slept)

    def test_it_waits_no_longer_than_a_retry(self) -> None:
        self.looks(Finder([use()]))
        self.assertAlmostEqual(5, sum(self.clock.slept), delta=0.2)

    def test_nor_longer_than_asked(self) -> None:
        self.looks(Finder([use()]), wait=2)
        self.assertAlmostEqual(2, sum(self.clock.slept), delta=0.2)

    def test_who_may_not_know_does_not_wait(self) -> None:
        self.looks(Finder([use()]), roles=frozenset())
        self.assertEqual([], self.clock.slept)

    def test_it_shares_the_places_of_retries(self) -> None:
        room = self.engine._room
        self.assertTrue(room.enter())
        self.looks(Finder([use()]))
        self.assertEqual([], self.clock.slept)
        room.leave()
        self.looks(Finder([use()]))
        self.assertNotEqual([], self.clock.slept)
        self.assertTrue(room.enter())  # it has given the place back

    def test_what_fails_leaves_no_place_taken(self) -> None:
        class Broken(Finder):
            def found(self, digests: ty.Sequence[bytes]) -> list[Found]:
                if self.asked:
                    raise errors.Unavailable
                return super().found(digests)

        self.assertRaises(errors.Unavailable, self.looks, Broken([use()]))
        self.assertTrue(self.engine._room.enter())
