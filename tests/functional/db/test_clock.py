# SPDX-License-Identifier: Apache-2.0
"""The database's clock."""

from __future__ import annotations

import time

import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.sql import clock
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from tests.functional.db import base

_NEAR = 5000  # milliseconds by which a loaded machine may be late

_ZONES = {
    "sqlite": None,
    "mysql": "SET time_zone = '+05:45'",
    "postgresql": "SET TIME ZONE 'Asia/Tokyo'",
}


@base.on_each_backend
class _Clock(base.EmptyTestCase):
    def assert_now(self, milliseconds: int) -> None:
        self.assertIsInstance(milliseconds, int)
        self.assertAlmostEqual(time.time() * 1000, milliseconds, delta=_NEAR)

    def test_it_tells_milliseconds_since_the_epoch(self) -> None:
        with self.engine.connect() as connection:
            self.assert_now(connection.scalar(sa.select(clock.now())))

    def test_it_tells_the_same_in_another_time_zone(self) -> None:
        with self.engine.connect() as connection:
            if zone := _ZONES[self.backend]:
                connection.execute(sa.text(zone))
            self.assert_now(connection.scalar(sa.select(clock.now())))

    def test_it_goes_on_within_a_transaction(self) -> None:
        query = sa.select(clock.now())
        with self.engine.begin() as connection:
            first = last = connection.scalar(query)
            until = time.monotonic() + base.SOON
            while last == first and time.monotonic() < until:
                last = connection.scalar(query)
        self.assertGreater(last, first)

    def test_it_stands_still_within_a_statement(self) -> None:
        some = sa.select(sa.literal(1).label("n")).cte(recursive=True)
        some = some.union_all(sa.select(some.c.n + 1).where(some.c.n < 300))
        many = some.join(some.alias(), sa.true())  # 90,000 rows: it takes long
        moment = clock.now().label("moment")
        moments = sa.select(moment).select_from(many).subquery()
        query = sa.select(sa.func.count(moments.c.moment.distinct()))
        with self.engine.connect() as connection:
            self.assertEqual(1, connection.scalar(query))

    def test_it_can_be_calculated_with(self) -> None:
        with self.engine.connect() as connection:
            query = sa.select(clock.now() + 3600 * 1000)
            self.assert_now(connection.scalar(query) - 3600 * 1000)


@base.on_each_backend
class _StoreClock(base.StoreTestCase):
    def test_by_default_times_are_the_database_s(self) -> None:
        settings = Settings(lease=contract.LEASE, token_ttl=contract.TTL)
        tokens = SqlTokenStore(self.database.manager, settings)
        self.addCleanup(tokens.connections.dispose)
        tokens.claim(use_of())
        now, row = tokens.look(use_of())
        assert row is not None
        self.assertAlmostEqual(time.time() * 1000, now, delta=_NEAR)
        self.assertAlmostEqual(
            now + contract.LEASE, row.lease_until, delta=_NEAR
        )
        self.assertEqual(contract.TTL, row.expires_at - row.lease_until)
