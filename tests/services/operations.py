# SPDX-License-Identifier: Apache-2.0
"""Each operation of a service: protocol sections 3, 5 and 7."""

from __future__ import annotations

import argparse
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.commands import commands
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.sql import tables
from openstack_idempotency.sql.kinds import Kind
from tests.services import base
from tests.services import world
from tests.services.sample import Wanted

Rows = ty.Iterable[Operation]

# Of a first answer, and of its replay.
_SAME: ty.Final = (
    "Content-Length", "Content-Type", "Location", "OpenStack-API-Version",
)  # fmt: skip


class Table(base.ServiceTestCase):
    """The table, and what the installed service offers."""

    def offered(self) -> set[str]:
        """Return the POSTs that the service has, by path and action."""
        raise NotImplementedError

    def test_it_is_in_the_database_that_the_process_is_for(self):
        self.assertEqual(world.backend(), self.world.engine.dialect.name)

    def test_it_has_a_row_for_each_post_and_no_other(self):
        rows = [row.name for row in self.world.adapter.operations]
        self.assertEqual(sorted(self.offered()), sorted(rows))

    def test_each_row_says_why_it_is_not_linked_or_left_out(self):
        unsaid = [
            row.name
            for row in self.world.adapter.operations
            if (row.kind is None) != bool(row.why or row.left_out)
        ]
        self.assertEqual([], unsaid)

    def test_each_linked_one_can_be_rebuilt(self):
        rows = self.world.adapter.operations
        linked = {row.name for row in rows if row.kind is not None}
        self.assertEqual(linked, {r.name for r in rows if r.rebuild})

    def test_each_has_a_sample(self):
        rows = self.world.adapter.operations
        taken = {row.name for row in rows if row.left_out is None}
        self.assertEqual(taken, set(self.samples))

    def test_each_place_in_the_api_is_that_of_a_kind(self):
        rows = self.world.adapter.operations
        kinds = {row.kind.name for row in rows if row.kind is not None}
        self.assertEqual(set(), set(self.world.adapter.places) - kinds)

    def test_no_argument_of_a_command_is_an_option_of_the_service(self):
        """oslo.config refuses such an argument."""
        parser = argparse.ArgumentParser()
        commands.add(parser.add_subparsers())
        kept = [name for name in _kept(parser) if name in self.world.conf]
        self.assertEqual([], kept)


def _kept(parser: argparse.ArgumentParser) -> ty.Iterator[str]:
    """Yield the names by which the arguments of a command are kept."""
    yield from parser._defaults
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from _kept(one)
        else:
            yield action.dest


class Once(base.ServiceTestCase):
    """Twice the same: one effect, one answer; another body is refused."""

    def check(self, path: str) -> None:
        sample, wanted = self.samples[path], self.wanted(path)
        with self.effects() as seen:
            first = self.post(path, wanted, "t")
        self.assertLess(first.status_int, 300, first.text)
        self.assertEqual("executed", self.state(first))
        self.assertEqual(sample.times, seen.count(sample.effect), str(seen))
        with self.effects() as seen:
            again = self.post(path, wanted, "t")
        self.assertEqual([], seen)
        self.assertEqual("replayed", self.state(again))
        self.assert_the_same(first, again)
        other = Wanted(wanted.path, wanted.other, None)
        with self.effects() as seen:
            refused = self.post(path, other, "t")
        self.assertEqual([], seen)
        self.assertEqual(422, refused.status_int, refused.text)
        self.assertEqual("different", self.state(refused))
        self.assertIn("different request", self.fault(refused))

    def assert_the_same(self, first: ty.Any, again: ty.Any) -> None:
        self.assertEqual(first.status_int, again.status_int)
        self.assertEqual(first.body, again.body)
        for name in _SAME:
            self.assertEqual(first.headers.get(name), again.headers.get(name))
        own = "x-openstack-request-id"
        self.assertNotEqual(first.headers[own], again.headers[own])
        earlier = again.headers["X-Client-Token-Request-Id"]
        self.assertEqual(first.headers[own], earlier)

    def check_as_without(self, path: str) -> None:
        """With a token it does what it does without one."""
        # The first of all makes what the others find.
        self.post(path, self.wanted(path))
        with self.effects() as plain:
            stock = self.post(path, self.wanted(path))
        with self.effects() as ours:
            answer = self.post(path, self.wanted(path), "t")
        self.assertEqual(sorted(plain), sorted(ours))
        self.assertEqual(stock.status_int, answer.status_int)
        added = {
            name.lower()
            for name in answer.headers
            if not name.lower().startswith("x-client-token")
        }
        expected = {name.lower() for name in stock.headers}
        self.assertEqual(expected, added)


class Linked(base.ServiceTestCase):
    """What a linked operation leaves, and what its retry gets."""

    def row(self, path: str) -> Operation:
        (found,) = (
            row for row in self.world.adapter.operations if row.name == path
        )
        return found

    def check_bound(self, path: str) -> None:
        wanted = self.wanted(path)
        self.post(path, wanted, "t")
        bound = self.rows(tables.RESOURCES)
        self.assertEqual(1, len(bound), str(bound))
        kind = self.row(path).kind
        assert kind is not None
        self.assertEqual(kind.name, bound[0].kind)

    def check_before_the_commit(self, path: str) -> None:
        table = self.samples[path].table
        for point in base.BEFORE_THE_COMMIT:
            wanted, token = self.wanted(path), point.value
            before = self.there(table)
            self.left_by_a_dead_worker(
                point, lambda: self.post(path, wanted, token)  # noqa: B023
            )
            self.assertEqual(before, self.there(table), str(point))
            retry = self.post(path, wanted, token)
            self.assertEqual("executed", self.state(retry))
            refused = self.samples[path].refused
            if refused is not None:
                self.assertEqual(refused, retry.status_int, retry.text)
                continue
            self.assertLess(retry.status_int, 300, retry.text)
            self.assertNotEqual(before, self.there(table), str(point))
            again = self.post(path, wanted, token)
            self.assertEqual("replayed", self.state(again))

    def check_after_the_commit(self, path: str) -> None:
        sample = self.samples[path]
        for point in base.AFTER_THE_COMMIT:
            wanted, token = self.wanted(path), point.value
            before = self.there(sample.table)
            self.left_by_a_dead_worker(
                point, lambda: self.post(path, wanted, token)  # noqa: B023
            )
            after = self.there(sample.table)
            self.assertNotEqual(before, after, str(point))
            with self.effects() as seen:
                retry = self.post(path, wanted, token)
            self.assertEqual([], seen)
            self.assertEqual(after, self.there(sample.table), str(point))
            again = self.post(path, wanted, token)
            kind = self.row(path).kind
            assert kind is not None
            unfinished = sample.unfinished and point is Point.AFTER_COMMIT
            if unfinished or kind.followed:
                for each in (retry, again):
                    self.assertEqual("answer-lost", self.state(each))
                continue
            self.assertEqual("rebuilt", self.state(retry), retry.text)
            self.assertEqual("true", retry.headers["Idempotent-Replayed"])
            self.assertEqual(retry.body, again.body)

    def check_rebuilt(self, path: str) -> None:
        wanted, lost = self.wanted(path), self.samples[path].lost
        first = self.post(path, wanted, "t")
        self.change(sealed=None)
        rebuilt = self.post(path, wanted, "t")
        self.assertEqual("rebuilt", self.state(rebuilt), rebuilt.text)
        self.assertEqual(first.status_int, rebuilt.status_int)
        self.assertEqual(base.shown(first, lost), base.shown(rebuilt, lost))
        for name in ("Location", "OpenStack-API-Version", "Content-Type"):
            self.assertEqual(
                first.headers.get(name), rebuilt.headers.get(name), name
            )

    def check_slow_worker(self, path: str) -> None:
        wanted, table = self.wanted(path), self.samples[path].table
        retries = []

        def overtake(reached: Point) -> None:
            if reached is Point.BEFORE_METHOD:
                points.arm(None)
                self.change(lease_until=0)
                retries.append(
                    base.elsewhere(lambda: self.post(path, wanted, "t"))
                )
                after.append(self.there(table))

        after: list[ty.Any] = []
        points.arm(overtake)
        slow = self.post(path, wanted, "t")
        self.assertLess(retries[0].status_int, 300, retries[0].text)
        self.assertEqual("taken-over", self.state(slow), slow.text)
        self.assertEqual(409, slow.status_int)
        self.assertIn("took over", self.fault(slow))
        self.assertEqual(after, [self.there(table)])
        again = self.post(path, wanted, "t")
        self.assertEqual(retries[0].body, again.body)

    def check_another(self, path: str) -> None:
        """What has the same id by now, but another row, is not shown."""
        wanted = self.wanted(path)
        self.post(path, wanted, "t")
        self.change(sealed=None)
        with self.world.engine.begin() as connection:
            other = {"incarnation": "another"}
            connection.execute(sa.update(tables.RESOURCES).values(other))
        with self.effects() as seen:
            answer = self.post(path, wanted, "t")
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(answer), answer.text)


class Gone(base.ServiceTestCase):
    """What a linked operation made, and somebody has deleted since then."""

    def check_gone(self, path: str) -> None:
        """It is not made again."""
        wanted = self.wanted(path)
        self.post(path, wanted, "t")
        self.change(sealed=None)
        for bound in self.rows(tables.RESOURCES):
            self.ask("DELETE", f"{wanted.path}/{bound.resource_id}")
        with self.effects() as seen:
            answer = self.post(path, wanted, "t")
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(answer), answer.text)


def making(operations: Rows) -> list[Operation]:
    """Return those that make something: nobody can tell changes apart.

    :param operations: the operations
    """
    return [row for row in operations if isinstance(row.kind, Kind)]


def deleted(adapter: Adapter, *others: str) -> list[Operation]:
    """Return the operations of which a DELETE can take back what they made.

    :param adapter: the service's
    :param others: the names of those whose resource stays for some time
    """
    return [
        row
        for row in adapter.operations
        if isinstance(row.kind, Kind)
        and row.kind.name in adapter.places
        and row.name not in others
    ]


def each(operations: Rows, *names: str) -> ty.Callable[[type], type]:
    """Give a class a test of each operation for each of its checks.

    :param operations: the operations
    :param names: the checks, by what is behind ``check_``
    """

    def decorate(cls: type) -> type:
        for name in names:
            check = getattr(cls, f"check_{name}" if name else "check")
            for row in operations:
                words = "".join(c if c.isalnum() else "_" for c in row.name)
                called = f"test_{name or 'twice'}_{words.strip('_')}"
                setattr(cls, called, _bound(check, row.name))
        return cls

    return decorate


def _bound(check: ty.Any, path: str) -> ty.Any:
    def test(self: ty.Any) -> None:
        check(self, path)

    return test
