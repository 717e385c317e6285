# SPDX-License-Identifier: Apache-2.0
"""Linked operations of a service that is not Nova: protocol section 5."""

from __future__ import annotations

import json
import typing as ty

import ddt
import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine import points
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.sql import binding
from openstack_idempotency.sql import statements
from tests.functional.db.base import on_each_backend
from tests.functional.museum import base
from tests.functional.museum import operations
from tests.functional.museum import tables
from tests.functional.museum.operations import OPERATIONS


@on_each_backend
@ddt.ddt
class _Museum(base.MuseumTestCase):
    @ddt.data(*OPERATIONS)
    def test_the_retry_gets_the_first_answer(self, name: str) -> None:
        self.assertEqual(OPERATIONS[name].before, self.see(name))
        self.assertIs(Verdict.EXECUTED, self.send(name).verdict)
        reply = self.send(name)
        self.assertIs(Verdict.REPLAYED, reply.verdict)
        self.assertEqual(b"done", reply.answer.body)
        self.assertEqual(OPERATIONS[name].after, self.see(name))
        self.assertEqual(list(OPERATIONS[name].ids), self.bound())

    @ddt.data(*OPERATIONS)
    def test_killed_before_the_commit_the_retry_runs(self, name: str) -> None:
        self.killed_at(Point.BEFORE_COMMIT, name)
        self.assertIs(Verdict.EXECUTED, self.settled(name).verdict)
        self.assertEqual(OPERATIONS[name].after, self.see(name))
        self.assertEqual(list(OPERATIONS[name].ids), self.bound())

    @ddt.data(*OPERATIONS)
    def test_killed_before_the_commit_nothing_is_done(self, name: str) -> None:
        self.killed_at(Point.BEFORE_COMMIT, name)
        self.assertEqual(OPERATIONS[name].before, self.see(name))
        self.assertEqual([], self.bound())

    @ddt.data(*OPERATIONS)
    def test_killed_after_the_commit_the_retry_finds_it(
        self, name: str
    ) -> None:
        self.killed_at(Point.AFTER_COMMIT, name)
        self.assertEqual(OPERATIONS[name].after, self.see(name))
        reply = self.settled(name)
        self.assertIs(Verdict.REBUILT, reply.verdict)
        ids = list(OPERATIONS[name].ids)
        self.assertEqual(ids, json.loads(reply.answer.body))
        self.assertEqual(OPERATIONS[name].after, self.see(name))

    @ddt.data(*OPERATIONS)
    def test_who_lost_the_token_does_nothing(self, name: str) -> None:
        operation = OPERATIONS[name]
        former, _ = self.overtaken()
        former.claim.link = operation.kind.name
        with claims.running(former.claim):
            self.assertRaises(
                errors.TakenOver, operation.run, self.database.manager
            )
        self.assertTrue(former.claim.lost)
        self.assertEqual(operation.before, self.see(name))
        self.assertEqual([], self.bound())

    @ddt.data(*OPERATIONS)
    def test_without_a_token_nothing_is_bound(self, name: str) -> None:
        self.send("room")  # which lets the engine be watched
        before = self.bound()
        if name != "room":
            OPERATIONS[name].run(self.database.manager)
            self.assertEqual(OPERATIONS[name].after, self.see(name))
        self.assertEqual(before, self.bound())

    @ddt.data(*OPERATIONS)
    def test_each_commit_is_reached_once(self, name: str) -> None:
        reached: list[Point] = []
        points.arm(reached.append)
        self.send(name)
        commits = [p for p in reached if p.value.endswith("-commit")]
        self.assertEqual([Point.BEFORE_COMMIT, Point.AFTER_COMMIT], commits)

    def test_a_change_that_changed_nothing_is_not_bound(self) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(tables.GUARDS))
        self.send("shift")
        self.assertEqual([], self.bound())

    def test_a_commit_of_nothing_bound_is_no_point(self) -> None:
        # As after a rollback, on a connection that is used again.
        self.send("room")
        _, claim = self.hold()
        claim.link = "shift"
        reached: list[Point] = []
        points.arm(reached.append)
        with (
            claims.running(claim),
            self.database.engine.connect() as connection,
        ):
            change = sa.update(tables.GUARDS).values(shift=5)
            connection.execute(change)
            connection.rollback()
            connection.execute(sa.select(tables.GUARDS.c.name))
            connection.commit()
        self.assertEqual([Point.BEFORE_LINK], reached)

    def test_what_a_savepoint_undid_is_bound_by_the_next_try(self) -> None:
        self.send("room")
        _, claim = self.hold()
        claim.link = "shift"
        change = sa.update(tables.GUARDS).where(tables.GUARDS.c.name == "Ada")
        with (
            claims.running(claim),
            self.database.engine.begin() as connection,
        ):
            savepoint = connection.begin_nested()
            connection.execute(change.values(shift=7))
            savepoint.rollback()
            connection.execute(change.values(shift=8))
        self.assertEqual(["Monet", "Ada"], self.bound())
        self.assertEqual(1, self.row().bound)

    def test_what_is_compared_with_other_tables_is_not_changed(self) -> None:
        self.send("room")
        _, claim = self.hold()
        claim.link = "shift"
        guards = tables.GUARDS
        of_room = sa.exists().where(tables.Room.name == "Monet")
        change = sa.update(guards).where(guards.c.name == "Ada", of_room)
        with claims.running(claim), self.database.engine.begin() as connection:
            connection.execute(change.values(shift=6))
        self.assertEqual(["Monet", "Ada"], self.bound())

    def test_no_more_is_made_than_the_request_may_make(self) -> None:
        self.send("room")
        _, claim = self.hold()
        claim.link, claim.most = "room", 2
        with claims.running(claim):
            operations.open_room(self.database.manager, "Degas")
            self.assertRaises(binding.Enough, self.open_two_rooms)
            operations.open_room(self.database.manager, "Renoir")
            for name in ("Seurat", "Signac"):
                self.assertRaises(
                    binding.Enough,
                    operations.open_room,
                    self.database.manager,
                    name,
                )
        self.assertEqual(["Monet", "Degas", "Renoir"], self.bound())
        self.assertEqual(2, self.row().bound)
        self.assertIs(False, claim.lost)

    def open_two_rooms(self) -> None:
        with self.database.manager.writer.using(tables.Visit()) as session:
            for name in ("Cassatt", "Morisot"):
                session.add(tables.Room(name=name))
                session.flush()

    def test_an_insertion_without_an_id_is_told_apart(self) -> None:
        self.send("room")
        _, claim = self.hold()
        claim.link = "place"
        made = sa.insert(tables.PLACES).from_select(
            ["room", "number", "exhibit"],
            sa.select(tables.Room.name, sa.literal(1), tables.Room.opened),
        )
        with claims.running(claim), self.database.engine.begin() as connection:
            error = self.assertRaises(LookupError, connection.execute, made)
        self.assertIn("Change", str(error))


@on_each_backend
class _UsedAgain(base.MuseumTestCase):
    """A name that is the key is given to another room."""

    def _survives(self) -> bool:
        _, record = self.store.look(self.use)
        assert record is not None
        made = self.store.resources(record.id)
        self.assertEqual(["Monet"], [resource.id for resource in made])
        return self.survive(tables.ROOM, made)

    def setUp(self) -> None:
        super().setUp()
        self.use, claim = self.hold()
        claim.link = tables.ROOM.name
        with claims.running(claim):
            operations.open_room(self.database.manager)

    def test_the_same_room_is_there(self) -> None:
        self.assertTrue(self._survives())

    def test_another_room_of_the_name_is_not_it(self) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(tables.Room))
        self.assertFalse(self._survives())
        operations.open_room(self.database.manager)
        self.assertFalse(self._survives())

    def test_of_a_key_of_two_columns(self) -> None:
        claim = self.hold(token="places").claim
        claim.link = tables.PLACE.name
        statements.watch(self.database.engine)
        with claims.running(claim):
            operations.hang_exhibits(self.database.manager)
        made = self.store.resources(claim.id)
        self.assertEqual(
            ['["Monet", "1"]', '["Monet", "3"]'], [one.key for one in made]
        )
        self.assertTrue(self.survive(tables.PLACE, made))
        places = tables.PLACES
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(places).where(places.c.number == 3))
        self.assertTrue(self.survive(tables.PLACE, made))
        self.assertFalse(self.survive(tables.PLACE, made[1:]))

    def test_of_a_change_nobody_can_tell(self) -> None:
        made = self.store.resources(1) or self.store.resources(self.row().id)
        self.assertTrue(self.survive(tables.SHIFT, made))
        self.assertFalse(self.survive(tables.SHIFT, ()))


@on_each_backend
class _Marked(base.MuseumTestCase):
    """A ticket's row stays when it is given back."""

    def setUp(self) -> None:
        super().setUp()
        statements.watch(self.database.engine)
        self.claim = self.hold().claim
        self.sell(self.claim)
        self.made = self.store.resources(self.claim.id)

    def sell(self, claim: Claim) -> None:
        claim.link = tables.TICKET.name
        with claims.running(claim):
            operations.sell_ticket(self.database.manager)

    def change(self, claim: Claim, **values: ty.Any) -> None:
        change = sa.update(tables.Ticket).where(tables.Ticket.number == "1")
        with (
            claims.running(claim),
            self.database.manager.writer.using(tables.Visit()) as session,
        ):
            session.execute(change.values(values))

    def returned(self) -> bool:
        query = sa.select(tables.Ticket.returned)
        with self.database.engine.connect() as connection:
            return bool(connection.scalar(query))

    def test_it_does_not_survive(self) -> None:
        self.assertTrue(self.survive(tables.TICKET, self.made))
        with self.database.engine.begin() as connection:
            connection.execute(sa.update(tables.Ticket).values(returned=True))
        self.assertFalse(self.survive(tables.TICKET, self.made))

    def test_who_lost_the_token_gives_nothing_back(self) -> None:
        self.take("recover")
        self.assertRaises(
            errors.TakenOver, self.change, self.claim, returned=True
        )
        self.assertTrue(self.claim.lost)
        self.assertFalse(self.returned())

    def test_other_changes_of_its_row_are_let_be(self) -> None:
        self.take("recover")
        self.change(self.claim, price=4)
        self.change(self.claim, returned=False)
        self.assertFalse(self.claim.lost)

    def test_who_has_the_token_is_unbound(self) -> None:
        self.assertEqual(["1"], [one.id for one in self.made])
        self.change(self.claim, returned=True)
        self.assertTrue(self.returned())
        self.assertEqual((), self.store.resources(self.claim.id))
        self.assertEqual(0, self.row().bound)


@on_each_backend
class _ByRpc(base.MuseumTestCase):
    """The API sends its claim to the process that makes the resource."""

    def _make_elsewhere(self, claim: Claim) -> int:
        message = json.dumps(claim.to_dict())

        def work() -> None:
            manager = self.another_manager()
            statements.watch(manager.writer.get_engine())
            with claims.running(Claim.from_dict(json.loads(message))):
                operations.change_shift(manager)

        return base.in_a_process(work)

    def _hold(self) -> Claim:
        _, claim = self.hold()
        claim.link = tables.SHIFT.name
        return claim

    def test_it_binds_for_the_request_that_has_the_token(self) -> None:
        claim = self._hold()
        self.assertEqual(0, self._make_elsewhere(claim))
        self.assertEqual([1, 3], self.see("shift"))
        (made,) = self.store.resources(claim.id)
        self.assertEqual(("shift", "Vera"), (made.kind, made.id))
        self.assertTrue(self.store.complete(claim, self.outcome()))

    def test_it_is_fenced(self) -> None:
        claim = self._hold()
        self.take("rerun")
        self.assertNotEqual(0, self._make_elsewhere(claim))
        self.assertEqual([1, 1], self.see("shift"))
        self.assertEqual((), self.store.resources(claim.id))
