# SPDX-License-Identifier: Apache-2.0
"""How many young tokens a user may have: protocol section 6."""

from __future__ import annotations

import dataclasses

import ddt
import testtools

from openstack_idempotency.engine import allowance
from openstack_idempotency.engine.allowance import Allowance
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.scope import Scope

_SCOPE = Scope("project", "user", "POST /servers")
_ANOTHER = dataclasses.replace(_SCOPE, user_id="another")


class _AllowanceTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = fakes.Clock()
        self.tokens: dict[str | None, int] = {}
        self.counted: list[str | None] = []

    def allow(self, most: int) -> None:
        self.allowance = Allowance(most, self._count, self.clock.monotonic)

    def _count(self, scope: Scope) -> int:
        self.counted.append(scope.user_id)
        return self.tokens.get(scope.user_id, 0)

    def claim(self, scope: Scope = _SCOPE) -> bool:
        """Claim a token; return whether the user may."""
        try:
            self.allowance.check(scope)
        except errors.TooMany:
            return False
        user = scope.user_id
        self.tokens[user] = self.tokens.get(user, 0) + 1
        return True

    def claims(self, times: int, scope: Scope = _SCOPE) -> int:
        """Claim so many tokens; return how many the user got."""
        return sum(self.claim(scope) for _ in range(times))


@ddt.ddt
class AllowanceTest(_AllowanceTestCase):
    def test_without_a_limit_nothing_is_counted(self) -> None:
        self.allow(0)
        self.assertEqual(1000, self.claims(1000))
        self.assertEqual([], self.counted)

    @ddt.data(1, 5, 99)
    def test_a_small_limit_is_kept_exactly(self, most: int) -> None:
        self.allow(most)
        self.assertEqual(most, self.claims(most + 10))

    @ddt.data(100, 1000, 10_000)
    def test_a_large_one_is_kept_within_a_hundredth(self, most: int) -> None:
        self.allow(most)
        got = self.claims(most * 2)
        self.assertGreaterEqual(got, most)
        self.assertLessEqual(got, most + most // 100)

    def test_it_is_counted_at_intervals_not_at_each_claim(self) -> None:
        self.allow(1000)
        self.claims(500)
        self.assertEqual(50, len(self.counted))

    def test_who_is_refused_is_not_counted_at_each_try(self) -> None:
        self.allow(10)
        self.claims(10)
        self.counted.clear()
        self.assertEqual(0, self.claims(1000))
        self.assertEqual(1, len(self.counted))

    def test_when_tokens_grow_old_the_user_may_go_on(self) -> None:
        self.allow(10)
        self.claims(11)
        self.tokens["user"] = 9
        self.assertFalse(self.claim())
        self.clock.forward(allowance._PAUSE)
        self.assertEqual(1, self.claims(5))

    def test_after_the_pause_the_first_one_is_counted(self) -> None:
        self.allow(1000)
        self.tokens["user"] = 1000
        self.assertEqual(9, self.claims(20))
        self.tokens["user"] = 1000
        self.clock.forward(allowance._PAUSE)
        self.assertEqual(0, self.claims(1))

    def test_users_do_not_count_for_each_other(self) -> None:
        self.allow(10)
        self.claims(11)
        self.assertEqual(10, self.claims(11, _ANOTHER))

    def test_projects_do_not_count_for_each_other(self) -> None:
        self.allow(10)
        self.claims(11)
        self.tokens["user"] = 0
        elsewhere = dataclasses.replace(_SCOPE, project_id="another")
        self.assertTrue(self.claim(elsewhere))

    def test_its_targets_count_together(self) -> None:
        self.allow(1)
        self.claim()
        target = dataclasses.replace(_SCOPE, target="POST /os-keypairs")
        self.assertFalse(self.claim(target))

    def test_without_the_table_nothing_is_allowed(self) -> None:
        def count(scope: Scope) -> int:
            raise errors.Unavailable

        checked = Allowance(1, count, self.clock.monotonic)
        self.assertRaises(errors.Unavailable, checked.check, _SCOPE)


class MemoryTest(_AllowanceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.allow(1000)  # counts every tenth claim

    def _others(self, count: int) -> None:
        for number in range(count):
            self.claim(dataclasses.replace(_SCOPE, user_id=str(number)))

    def test_it_remembers_no_more_users_than_it_has_room_for(self) -> None:
        self._others(allowance._USERS + 5)
        self.assertEqual(allowance._USERS, len(self.allowance._accounts))

    def test_it_forgets_who_has_claimed_none_for_the_longest_time(
        self,
    ) -> None:
        self.claims(5)
        self._others(allowance._USERS - 1)
        self.claims(1)  # so the user is the latest one again
        self._others(5)
        self.counted.clear()
        self.claims(4)
        self.assertEqual(["user"], self.counted)
