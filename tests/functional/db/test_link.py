# SPDX-License-Identifier: Apache-2.0
"""The fence: protocol section 5, on a service that is not Nova."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa
from sqlalchemy import orm

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import link
from tests.functional.db import base


class _OwnError(Exception):
    """An error of the service, after it has inserted its row."""


@base.on_each_backend
class _Link(base.StoreTestCase):
    def _insert(
        self, claim: Claim | None, name: str, then: Exception | None = None
    ) -> None:
        """Insert a row in the way of a service."""

        def insert() -> None:
            with self.database.manager.writer.using(base.Context()) as session:
                session.add(base.Thing(name=name))
                session.flush()
                if then is not None:
                    raise then

        if claim is None:
            insert()
            return
        with claims.running(claim):
            insert()

    def test_row_and_binding_are_committed_together(self) -> None:
        _, claim = self.hold()
        self._insert(claim, "a")
        (bound,) = self.store.resources(claim.id)
        self.assertEqual(("thing", "a"), (bound.kind, bound.id))
        self.assertEqual(1, self.row().bound)
        self.assertEqual(["a"], self.things())

    def test_they_are_rolled_back_together(self) -> None:
        _, claim = self.hold()
        self.assertRaises(_OwnError, self._insert, claim, "a", _OwnError())
        self.assertEqual((), self.store.resources(claim.id))
        self.assertEqual(0, self.row().bound)
        self.assertEqual([], self.things())
        self.assertFalse(claim.lost)

    def test_nobody_sees_the_binding_before_the_commit(self) -> None:
        _, claim = self.hold()
        session = orm.Session(self.database.engine)
        self.addCleanup(session.close)
        with claims.running(claim):
            session.add(base.Thing(name="a"))
            session.flush()
        self.assertEqual(0, self.row().bound)
        session.commit()
        self.assertEqual(1, self.row().bound)

    def test_who_lost_the_token_is_rolled_back_and_told(self) -> None:
        former, _ = self.overtaken()
        self.assertRaises(
            errors.TakenOver, self._insert, former.claim, "former's"
        )
        self.assertTrue(former.claim.lost)
        self.assertEqual([], self.things())
        self.assertEqual(0, self.row().bound)
        self.assertIn("Lost the client token", self.log.output)

    def test_who_lost_it_cannot_commit_even_if_it_ignores_that(self) -> None:
        former, _ = self.overtaken()
        session = orm.Session(self.database.engine)
        self.addCleanup(session.close)
        with claims.running(former.claim):
            session.add(base.Thing(name="former's"))
            self.assertRaises(errors.TakenOver, session.flush)
        self.assertRaises(sa.exc.PendingRollbackError, session.commit)
        session.close()
        self.assertEqual([], self.things())

    def test_who_has_it_is_bound(self) -> None:
        _, present = self.overtaken()
        self._insert(present.claim, "present's")
        self.assertEqual(["present's"], self.things())
        self.assertEqual(1, self.row().bound)

    def test_several_of_one_transaction_are_bound(self) -> None:
        _, claim = self.hold()
        with (
            claims.running(claim),
            self.database.manager.writer.using(base.Context()) as session,
        ):
            session.add_all([base.Thing(name=name) for name in "abc"])
        self.assertEqual(3, self.row().bound)
        self.assertEqual(3, len(self.store.resources(claim.id)))


@base.on_each_backend
class _CleanUp(base.StoreTestCase):
    """A request deletes what it has made, since it fails or refuses."""

    def _clean_up(self, claim: Claim, key: int) -> int:
        with claims.running(claim):
            return self.delete(key)

    def test_who_has_the_token_is_unbound(self) -> None:
        _, claim = self.hold()
        made = self.make(claim)
        self.assertEqual(1, self._clean_up(claim, int(made.key)))
        self.assertEqual(0, self.row().bound)
        self.assertEqual((), self.store.resources(claim.id))

    def test_only_what_is_deleted_is_unbound(self) -> None:
        _, claim = self.hold()
        first, second = self.make(claim, "a"), self.make(claim, "b")
        self._clean_up(claim, int(first.key))
        self.assertEqual(1, self.row().bound)
        self.assertEqual((second,), self.store.resources(claim.id))

    def test_who_lost_the_token_deletes_nothing(self) -> None:
        for take in ("rerun", "recover"):
            held = self.hold(token=take)
            made = self.make(held.claim, take)
            self.take(take, token=take)
            self.assertRaises(
                errors.TakenOver, self._clean_up, held.claim, int(made.key)
            )
            self.assertTrue(held.claim.lost)
            self.assertIn(take, self.things())

    def test_where_nothing_is_left_to_delete_nothing_is_unbound(
        self,
    ) -> None:
        # The conductor was faster: it goes on with it.
        _, claim = self.hold()
        made = self.make(claim)
        self.delete(int(made.key))
        self.assertEqual(0, self._clean_up(claim, int(made.key)))
        self.assertEqual(1, self.row().bound)
        self.assertEqual((made,), self.store.resources(claim.id))

    def test_a_clean_up_that_is_rolled_back_can_be_tried_again(self) -> None:
        _, claim = self.hold()
        made = self.make(claim)
        self.assertRaises(_OwnError, self._fail_to_clean_up, claim, made)
        self.assertEqual(1, self.row().bound)
        self._clean_up(claim, int(made.key))
        self.assertEqual(0, self.row().bound)
        self.assertEqual((), self.store.resources(claim.id))

    def _fail_to_clean_up(self, claim: Claim, made: Resource) -> None:
        manager = self.database.manager
        with (
            claims.running(claim),
            manager.writer.using(base.Context()) as session,
        ):
            session.query(base.Thing).filter_by(id=int(made.key)).delete()
            raise _OwnError

    def test_a_binding_that_was_rolled_back_is_not_counted(self) -> None:
        _, claim = self.hold()
        self.assertRaises(_OwnError, self._fail_to_make, claim, 77)
        with self.database.manager.writer.using(base.Context()) as session:
            session.add(base.Thing(id=77, name="somebody else's"))
        self.assertEqual(1, self._clean_up(claim, 77))
        self.assertEqual(0, self.row().bound)

    def _fail_to_make(self, claim: Claim, key: int) -> None:
        manager = self.database.manager
        with (
            claims.running(claim),
            manager.writer.using(base.Context()) as session,
        ):
            session.add(base.Thing(id=key, name="a thing"))
            session.flush()
            raise _OwnError

    def test_a_request_without_a_token_is_left_alone(self) -> None:
        made = self.make(self.hold().claim)
        self.assertEqual(1, self.delete(int(made.key)))
        self.assertEqual(1, self.row().bound)


@base.on_each_backend
class _NoLink(base.StoreTestCase):
    """Requests without a token, and other operations."""

    def setUp(self) -> None:
        super().setUp()
        self.statements: list[str] = []
        engine = self.database.engine
        sa.event.listen(engine, "before_cursor_execute", self._note)
        self.addCleanup(
            sa.event.remove, engine, "before_cursor_execute", self._note
        )

    def _note(
        self, conn: ty.Any, cursor: ty.Any, statement: str, *_: ty.Any
    ) -> None:
        if statement != "BEGIN":  # which oslo.db gives SQLite in words
            self.statements.append(statement)

    def _insert(self, claim: Claim | None) -> None:
        self.statements.clear()
        with self.database.manager.writer.using(base.Context()) as session:
            session.add(base.Thing(name="a"))
            if claim is not None:
                with claims.running(claim):
                    session.flush()

    def assert_untouched(self) -> None:
        self.assertEqual(1, len(self.statements), str(self.statements))
        self.assertIn("INSERT INTO things", self.statements[0])

    def test_without_a_claim_there_is_no_statement_of_ours(self) -> None:
        self._insert(None)
        self.assert_untouched()

    def test_nor_in_an_operation_that_is_not_linked(self) -> None:
        _, claim = self.hold()
        claim.link = None
        self._insert(claim)
        self.assert_untouched()

    def test_nor_in_one_that_is_linked_to_another_kind(self) -> None:
        _, claim = self.hold()
        claim.link = "another"
        self._insert(claim)
        self.assert_untouched()

    def test_to_listen_twice_binds_once(self) -> None:
        link.listen(base.THING)
        _, claim = self.hold()
        self._insert(claim)
        self.assertEqual(1, self.row().bound)
