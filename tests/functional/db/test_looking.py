# SPDX-License-Identifier: Apache-2.0
"""The steps of a look-up: protocol section 8."""

from __future__ import annotations

import dataclasses
import typing as ty

import fixtures

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import SCOPE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.standing import Found
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.sql import looking
from openstack_idempotency.sql.looking import Page
from tests.functional.db import base

OTHER = dataclasses.replace(SCOPE, user_id="other")
ELSEWHERE = dataclasses.replace(SCOPE, project_id="elsewhere")
OF_DOMAIN = Scope(None, SCOPE.user_id, SCOPE.target, domain_id="d")
OF_SYSTEM = Scope(None, SCOPE.user_id, SCOPE.target, system_scope="all")
ALL = Page(limit=100)


@base.on_each_backend
class _Looking(base.StoreTestCase):
    def claim(self, token: str = "token", **of: ty.Any) -> Claim:
        use = use_of(token, **of)
        key = self.store.claim(use)
        assert key is not None
        return Claim(key, use.digests[0], use.owner, 0, 0.0, contract.KIND)

    def keys(self, uses: ty.Iterable[Found]) -> list[int]:
        return [use.record.id for use in uses]

    def test_a_token_s_uses_are_found_by_its_digests(self) -> None:
        mine = self.claim()
        self.clock.forward(1)
        there = self.claim(scope=dataclasses.replace(SCOPE, target="POST /x"))
        self.claim("another")
        self.claim(scope=OTHER)
        found = self.store.found(use_of().digests)
        self.assertEqual([there.id, mine.id], self.keys(found))
        (newest, oldest) = found
        self.assertEqual("POST /x", newest.target)
        self.assertEqual(
            (SCOPE.target, SCOPE.project_id, SCOPE.user_id),
            (oldest.target, oldest.project_id, oldest.user_id),
        )
        now = self.clock.milliseconds
        self.assertEqual(
            (now, now - 1000), (oldest.seen_at, oldest.created_at)
        )

    def test_under_several_secrets_it_is_one_use(self) -> None:
        both = self.claim(secrets=(ONE, TWO))
        for secrets in ((ONE,), (TWO,), (ONE, TWO), (TWO, ONE)):
            found = self.store.found(use_of(secrets=secrets).digests)
            self.assertEqual([both.id], self.keys(found))
        self.assertEqual(
            [both.id], self.keys(self.store.listed(SCOPE, ALL).uses)
        )
        everywhere = self.store.everywhere(None, None, ALL)
        self.assertEqual([both.id], self.keys(everywhere.uses))

    def test_an_answer_is_never_read(self) -> None:
        claim = self.claim()
        end = self.clock.milliseconds + contract.TTL
        kept = Outcome(State.SUCCEEDED, 202, b"sealed", end)
        self.assertTrue(self.store.complete(claim, kept))
        for found in (
            self.store.found(use_of().digests),
            self.store.listed(SCOPE, ALL).uses,
            self.store.everywhere(None, None, ALL).uses,
        ):
            (use,) = found
            self.assertTrue(use.settled)
            self.assertIsNone(use.record.sealed)
            self.assertEqual(202, use.record.status)

    def test_each_scope_has_its_own_list(self) -> None:
        for scope in (SCOPE, OTHER, ELSEWHERE, OF_DOMAIN, OF_SYSTEM):
            claim = self.claim(scope=scope)
            listed = self.store.listed(scope, ALL).uses
            self.assertEqual([claim.id], self.keys(listed), str(scope))

    def test_who_is_called_almost_alike_has_another_list(self) -> None:
        """To MariaDB's collations these are one name."""
        names = ("rene", "Rene", "rene ", "ren\u00e9")
        callers = [dataclasses.replace(SCOPE, user_id=one) for one in names]
        made = [self.claim(scope=caller).id for caller in callers]
        for caller, key in zip(callers, made, strict=True):
            uses = self.store.listed(caller, ALL).uses
            self.assertEqual([key], self.keys(uses), str(caller))

    def test_what_has_ended_is_not_listed(self) -> None:
        self.claim()
        self.clock.forward((contract.LEASE + contract.TTL) / 1000 + 1)
        self.assertEqual([], self.store.found(use_of().digests))
        self.assertEqual([], self.store.listed(SCOPE, ALL).uses)
        self.assertEqual([], self.store.everywhere(None, None, ALL).uses)

    def test_pages(self) -> None:
        made = [self.claim(str(number)).id for number in range(5)]
        seen: list[int] = []
        marker = None
        for _ in range(3):
            page = self.store.listed(SCOPE, Page(2, marker))
            seen += self.keys(page.uses)
            marker = page.next_marker
        self.assertEqual((made[::-1], None), (seen, marker))

    def test_a_marker_is_one_s_own(self) -> None:
        claim = self.claim()
        for caller, marker in ((OTHER, claim.id), (SCOPE, claim.id + 1)):
            self.assertRaises(
                looking.NoMarker,
                self.store.listed,
                caller,
                Page(2, marker),
            )

    def test_a_page_of_all_reads_so_many_rows(self) -> None:
        most = "openstack_idempotency.sql.looking._MOST"
        self.useFixture(fixtures.MonkeyPatch(most, 2))
        mine = self.claim()
        for number in range(4):
            self.claim(str(number), scope=ELSEWHERE)
        sizes: list[int] = []
        page = self.store.everywhere(SCOPE.project_id, None, ALL)
        while page.next_marker is not None:
            sizes.append(len(page.uses))
            following = Page(ALL.limit, page.next_marker)
            page = self.store.everywhere(SCOPE.project_id, None, following)
        self.assertEqual([0, 0], sizes)
        self.assertEqual([mine.id], self.keys(page.uses))

    def test_what_is_bound_to_each(self) -> None:
        one, two, three = (self.claim(str(number)) for number in range(3))
        self.make(one, "a")
        self.make(two, "b")
        self.make(one, "c")
        bound = self.store.bound([one.id, two.id, three.id])
        names = {key: [r.id for r in made] for key, made in bound.items()}
        self.assertEqual(
            {one.id: ["a", "c"], two.id: ["b"], three.id: []}, names
        )
        self.assertEqual({}, self.store.bound([]))
