# SPDX-License-Identifier: Apache-2.0
"""Transactions of the service that another one made impossible.

By their operator's choice of isolation a server breaks such a transaction
off, where it would wait for the other one otherwise. The request is told to
come again, and its token is free.
"""

from __future__ import annotations

import typing as ty

import ddt
from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture.contract import use_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.errands import Errands


class _Died(BaseException):
    """Stands for the end of a thread."""


if ty.TYPE_CHECKING:
    _Mixin = base.StoreTestCase
else:
    _Mixin = object


class _Conflict(_Mixin):
    """A lease is renewed between the service's first read and its insert."""

    isolation: ty.ClassVar[str]

    def setUp(self) -> None:
        super().setUp()
        self.claims: list[Claim] = []
        self.addCleanup(self.database.engine.dispose)
        self.isolate()
        self.database.engine.dispose()

    def isolate(self) -> None:
        raise NotImplementedError

    def _make(self) -> Answer:
        claim = claims.current()
        assert claim is not None
        self.claims.append(claim)
        try:
            with self.database.manager.writer.using(base.Context()) as session:
                session.execute(sa.select(base.Thing)).all()
                self.clock.forward(1)
                self.store.extend([claim])
                session.add(base.Thing(name="a thing"))
        except Exception:
            return errands.BROKEN
        return errands.MADE

    def _send(self) -> ty.Any:
        errand = Errands(self, self.store, (contract.ONE,))
        return errand.answer(errands.Work(self._make))

    def test_the_request_is_told_to_come_again(self) -> None:
        self.assertRaises(errors.Unavailable, self._send)
        (claim,) = self.claims
        self.assertTrue(claim.deadlocked)
        self.assertFalse(claim.lost)

    def test_its_token_is_free(self) -> None:
        self.assertRaises(errors.Unavailable, self._send)
        self.assertTrue(self.is_free(use_of(errands.TOKEN)))
        self.assertEqual([], self.things())


class SnapshotIsolationTest(_Conflict, base.StoreTestCase):
    """MariaDB's innodb_snapshot_isolation, on by default from 11.6.2."""

    backend = "mysql"

    def isolate(self) -> None:
        engine = self.database.engine
        with engine.connect() as connection:
            named = "SHOW VARIABLES LIKE 'innodb_snapshot_isolation'"
            if not connection.exec_driver_sql(named).all():
                self.skipTest("this server does not know it")
        sa.event.listen(engine, "connect", self._turn_on)
        self.addCleanup(sa.event.remove, engine, "connect", self._turn_on)

    def _turn_on(self, connection: ty.Any, record: ty.Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_snapshot_isolation = ON")


class _DefaultIsolation(_Conflict):
    def isolate(self) -> None:
        name = self.database.engine.url.database
        default = "default_transaction_isolation"
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql(
                f"ALTER DATABASE {name} SET {default} = '{self.isolation}'"
            )
        self.addCleanup(self._forget, f"ALTER DATABASE {name} RESET {default}")

    def _forget(self, statement: str) -> None:
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql(statement)


class SerializableTest(_DefaultIsolation, base.StoreTestCase):
    backend = "postgresql"
    isolation = "serializable"


class RepeatableReadTest(_DefaultIsolation, base.StoreTestCase):
    backend = "postgresql"
    isolation = "repeatable read"


@base.on_each_backend
@ddt.ddt
class _Commits(base.StoreTestCase):
    """What goes wrong in a COMMIT of the service under a claim."""

    def _fail(self, error: BaseException) -> None:
        dialect = self.database.engine.dialect
        commit = dialect.do_commit

        def fail(connection: ty.Any) -> None:
            dialect.do_commit = commit
            raise error

        dialect.do_commit = fail
        self.addCleanup(setattr, dialect, "do_commit", commit)

    @ddt.data(_Died, SystemExit, db_exc.DBError)
    def test_comes_through_as_it_is(self, kind: type[BaseException]) -> None:
        _, claim = self.hold()
        error = kind()
        self._fail(error)
        found = self.assertRaises(kind, self.make, claim)
        self.assertIs(error, found)
        self.assertFalse(claim.deadlocked)

    def test_a_deadlock_is_noted(self) -> None:
        _, claim = self.hold()
        self._fail(db_exc.DBDeadlock())
        self.assertRaises(db_exc.DBDeadlock, self.make, claim)
        self.assertTrue(claim.deadlocked)
