# SPDX-License-Identifier: Apache-2.0
"""The table of counters."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.protocol import errors
from openstack_idempotency.sql.counters import Count
from openstack_idempotency.sql.store import SqlTokenStore
from tests.functional.db import base

BOOT = "POST /servers"


@base.on_each_backend
class _Counters(base.StoreTestCase):
    def host(self, name: str) -> SqlTokenStore:
        store = self.store_on(self.database.manager)
        store._settings = dataclasses.replace(store._settings, host=name)
        return store

    def test_numbers_are_added_up_by_host_operation_and_state(self) -> None:
        a, b = self.host("a"), self.host("b")
        tally = {(BOOT, "executed"): 2, (BOOT, "replayed"): 1, ("", "x"): 5}
        self.assertEqual({}, a.add(tally))
        self.assertEqual({}, a.add({(BOOT, "executed"): 3}))
        self.assertEqual({}, b.add({(BOOT, "executed"): 1}))
        self.assertEqual(
            [
                Count("a", "", "x", 5),
                Count("a", BOOT, "executed", 5),
                Count("a", BOOT, "replayed", 1),
                Count("b", BOOT, "executed", 1),
            ],
            a.outcomes(),
        )

    def test_what_cannot_be_added_is_returned(self) -> None:
        store = self.host("a")
        tally = {(BOOT, "executed"): 2, (BOOT, "running"): 1}
        add = store._add

        def breaks(operation: str, state: str, number: int) -> None:
            if state == "running":
                raise errors.Unavailable
            add(operation, state, number)

        store._add = breaks  # type: ignore[method-assign]
        self.assertEqual({(BOOT, "running"): 1}, store.add(tally))
        self.assertEqual([Count("a", BOOT, "executed", 2)], store.outcomes())

    def test_processes_of_a_host_at_once(self) -> None:
        stores = [self.host("a") for _ in range(4)]
        states = ("executed", "replayed", "running")

        def adds(store: SqlTokenStore) -> ty.Callable[[], None]:
            def add() -> None:
                for _ in range(5):
                    left = store.add({(BOOT, s): 1 for s in states})
                    self.assertEqual({}, left)

            return add

        base.at_once(*map(adds, stores))
        self.assertEqual(
            [Count("a", BOOT, state, 20) for state in states],
            stores[0].outcomes(),
        )


@base.on_each_server
class _Gaps(base.StoreTestCase):
    """A process that stops while it counts locks nothing but its row."""

    def test_no_gap_is_locked(self) -> None:
        self.store.add({(BOOT, "executed"): 1, (BOOT, "unknown"): 1})
        engine = self.store.connections.engine()
        said: list[tuple[str, ty.Any]] = []

        def note(
            _: ty.Any, __: ty.Any, said_: str, values: ty.Any, *more: ty.Any
        ) -> None:
            said.append((said_.rpartition("; ")[2], values))

        sa.event.listen(engine, "before_cursor_execute", note)
        self.store.add({(BOOT, "executed"): 1})
        sa.event.remove(engine, "before_cursor_execute", note)
        ((upsert, values),) = said
        engine = self.database.engine.execution_options(
            isolation_level="READ COMMITTED"
        )
        with engine.connect() as stopped:
            stopped.exec_driver_sql(upsert, values)
            # Before, between and behind what is there.
            others = {(BOOT, s): 1 for s in ("a", "f", "z", "unknown")}
            self.assertEqual({}, self.store.add(others))
            stopped.rollback()
        counted = {one.state: one.count for one in self.store.outcomes()}
        self.assertEqual(
            {"a": 1, "executed": 2, "f": 1, "unknown": 2, "z": 1}, counted
        )
