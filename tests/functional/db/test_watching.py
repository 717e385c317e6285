# SPDX-License-Identifier: Apache-2.0
"""Rows that other secrets have keyed: protocol section 4."""

from __future__ import annotations

import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol.digest import key_id
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.watching import Stranger
from tests.functional.db import base

THREE = b"3" * 32


@base.on_each_backend
class _Watching(base.StoreTestCase):
    """Hosts that list different secrets, on one table."""

    def host(self, name: str, *secrets: bytes) -> SqlTokenStore:
        settings = Settings(
            lease=contract.LEASE,
            token_ttl=contract.TTL,
            key_ids=tuple(map(key_id, secrets)),
            host=name,
        )
        now: sa.BindParameter[int] = sa.bindparam(
            "now",
            callable_=lambda: self.clock.milliseconds,
            type_=sa.BigInteger(),
        )
        store = SqlTokenStore(self.database.manager, settings, now=now)
        self.addCleanup(store.connections.dispose)
        return store

    def use(self, name: str, *secrets: bytes, token: str = "token") -> None:
        """Let a host serve a request."""
        claimed = self.host(name, *secrets).claim(
            use_of(token, secrets=secrets)
        )
        self.assertIsNotNone(claimed)

    def assert_found(self, store: SqlTokenStore, *strangers: Stranger) -> None:
        self.assertEqual({*strangers}, {*store.strangers()})
        self.assertEqual(
            dict.fromkeys((s.key_id for s in strangers), 1), store.foreign()
        )

    def test_each_host_with_another_secret_is_found(self) -> None:
        self.use("a", ONE)
        self.use("b", TWO)
        self.use("c", THREE)
        a, b, c = (
            Stranger(name, key_id(secret))
            for name, secret in (("a", ONE), ("b", TWO), ("c", THREE))
        )
        self.assert_found(self.host("x", ONE), b, c)
        self.assert_found(self.host("x", TWO), a, c)
        self.assert_found(self.host("x", THREE), a, b)
        # Whatever lies before, between and behind those that are known.
        self.assert_found(self.host("x", ONE, TWO), c)
        self.assert_found(self.host("x", ONE, THREE), b)
        self.assert_found(self.host("x", TWO, THREE), a)
        self.assert_found(self.host("x", ONE, TWO, THREE))

    def test_a_host_that_lists_one_more_is_none(self) -> None:
        """It has no other first secret: its alias is nobody's first use."""
        self.use("a", ONE, TWO)
        self.assert_found(self.host("x", ONE))
        self.assert_found(self.host("x", TWO), Stranger("a", key_id(ONE)))

    def test_a_host_is_told_of_once(self) -> None:
        for token in ("1", "2"):
            self.use("a", ONE, token=token)
        found = self.host("x", TWO)
        self.assertEqual([Stranger("a", key_id(ONE))], found.strangers())
        self.assertEqual({key_id(ONE): 2}, found.foreign())

    def test_one_that_is_put_right_is_forgotten_in_minutes(self) -> None:
        self.use("a", ONE)
        found = self.host("x", TWO)
        self.clock.forward(60)
        self.assertNotEqual([], found.strangers())
        self.clock.forward(121)
        self.assertEqual([], found.strangers())

    def test_young_ones_are_counted_by_secret(self) -> None:
        self.use("a", ONE)
        self.clock.forward(121)
        self.use("a", ONE, TWO, token="later")
        self.use("b", TWO, token="2")
        self.use("b", TWO, token="3")
        one, two, three = map(key_id, (ONE, TWO, THREE))
        for listed, found in (
            # First the one that all rows have whose plan is read.
            ((TWO,), {one: 1, two: 2}),
            ((THREE,), {one: 1, two: 2, three: 0}),
            ((ONE, TWO, THREE), {one: 1, two: 2, three: 0}),
            # As where only the database is configured.
            ((), {}),
        ):
            self.assertEqual(found, self.host("x", *listed).recent_by_key())

    def test_its_tokens_count_as_long_as_they_live(self) -> None:
        self.use("a", ONE)
        found = self.host("x", TWO)
        lives = (contract.LEASE + contract.TTL) // 1000
        self.clock.forward(lives - 1)
        self.assertEqual({key_id(ONE): 1}, found.foreign())
        self.clock.forward(2)
        self.assertEqual({}, found.foreign())
