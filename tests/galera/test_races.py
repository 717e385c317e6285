# SPDX-License-Identifier: Apache-2.0
"""Two nodes that change one token at the same moment: one of them does.

The store's steps without an API, so that they meet often and closely.
"""

from __future__ import annotations

from concurrent import futures
import contextlib
import threading
import typing as ty
import unittest
import uuid

from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa

from chaos import databases
from chaos import hosts
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import binding
from openstack_idempotency.sql import migration
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import WITHDRAWALS
from tests.galera import base

_ROUNDS = 30
# Milliseconds: over as soon as it is looked at.
_LEASE = 1
_LIFE = 3_600_000
_END = 2**62
_THINGS = sa.Table(
    "things", sa.MetaData(), sa.Column("name", sa.String(36), primary_key=True)
)


def _named(name):
    return _THINGS.c.name == name


class Races(unittest.TestCase):
    """A first request on one node, and a retry of it on another."""

    engines: ty.ClassVar[list[sa.Engine]]
    stores: ty.ClassVar[list[SqlTokenStore]]
    current: ty.ClassVar[sa.Engine]

    @classmethod
    def setUpClass(cls):
        nodes = base.nodes()
        own = databases.create(
            databases.Databases, sa.make_url(nodes[0].url)
        )
        cls.engines, cls.stores = [], []
        for node in nodes:
            manager = enginefacade.transaction_context()
            manager.configure(connection=own.at(node.url).api)
            cls.engines.append(manager.writer.get_engine())
            cls.addClassCleanup(cls.engines[-1].dispose)
            settings = Settings(lease=_LEASE, token_ttl=_LIFE)
            cls.stores.append(SqlTokenStore(manager, settings))
            cls.addClassCleanup(cls.stores[-1].connections.dispose)
        cls.current = sa.create_engine(own.at(nodes[2].current_url).api)
        cls.addClassCleanup(cls.current.dispose)
        migration.db_sync(cls.engines[0])
        _THINGS.create(cls.engines[0])

    def setUp(self):
        self.first, self.other, _ = self.stores
        with self.engines[0].begin() as connection:
            connection.execute(sa.delete(_THINGS))

    def again(self):
        """Take another token, which the first request claims."""
        self.token = uuid.uuid4().hex
        use = contract.use_of(self.token)
        self.held = self.claim(self.first.claim(use), use)
        self.mine = contract.use_of(self.token)
        self.theirs = self.claim(self.held.id, self.mine)

    def claim(self, key, use):
        return Claim(
            key, use.digests[0], use.owner, 0, 0.0, contract.KIND, shared=True
        )

    def row(self):
        """Return the token's row, as soon as the other node has it."""
        found: list[ty.Any] = []

        def there():
            found[:] = [self.other.look(self.mine)[1]]
            return found[0] is not None

        hosts.wait_until(there, "the other node has the row")
        return found[0]

    def commits(self):
        """Let the first request make a thing; tell whether it did."""
        name = str(uuid.uuid4())
        made = Resource(contract.KIND, name, name)
        lost = contextlib.suppress(db_exc.DBDeadlock, errors.TakenOver)
        with lost, self.engines[0].begin() as connection:
            binding.fence(connection, self.held, bound=1)
            connection.execute(sa.insert(_THINGS).values(name=name))
            binding.bind(connection, self.held, made)
            connection.commit()
            return True
        return False

    def takes_back(self, connection, resources):
        """Withdraw what is bound, unless somebody has gone on with it."""
        for resource in resources:
            gone = sa.delete(_THINGS).where(_named(resource.id))
            if connection.execute(gone).rowcount != 1:
                return Withdrawn(Fate.TAKEN)
        todos = [(resource, "{}") for resource in resources]
        return Withdrawn(Fate.WITHDRAWN, tuple(todos))

    def withdraws(self):
        return self.other.withdraw(self.theirs, self.mine, self.takes_back)

    def meet(self, *sides):
        """Let all of them go at the same moment; return what each says."""
        together = threading.Barrier(len(sides))

        def go(side):
            together.wait()
            return side()

        with futures.ThreadPoolExecutor(len(sides)) as threads:
            return [*threads.map(go, sides)]

    def count(self, table):
        """Return how many rows of the token there are on any node."""
        number = sa.select(sa.func.count()).select_from(table)
        mine = number.where(table.c.token_id == self.held.id)
        with self.current.connect() as connection:
            return connection.scalar(mine)

    def test_claims(self):
        for _ in range(_ROUNDS):
            name = uuid.uuid4().hex
            claims = [
                lambda store=store: store.claim(contract.use_of(name))  # noqa: B023
                for store in self.stores * 2
            ]
            keys = [key for key in self.meet(*claims) if key is not None]
            self.assertEqual(1, len(keys))

    def test_a_commit_and_a_takeover(self):
        for _ in range(_ROUNDS):
            self.again()
            row = self.row()
            committed, taken = self.meet(
                self.commits, lambda: self.other.rerun(row, self.mine)  # noqa: B023
            )
            self.assertNotEqual(committed, taken)
            self.assertEqual(int(committed), self.count(RESOURCES))

    def test_a_commit_and_a_withdrawal(self):
        for _ in range(_ROUNDS):
            self.again()
            row = self.row()

            def withdrawn(row=row):
                while not self.other.recover(row, self.mine):
                    row = self.row()
                return self.withdraws()

            committed, fate = self.meet(self.commits, withdrawn)
            self.assertIs(Fate.WITHDRAWN, fate)
            self.assertEqual(0, self.count(RESOURCES))
            self.assertEqual(int(committed), self.count(WITHDRAWALS))
            self.assertEqual([], self.things())

    def test_a_withdrawal_and_who_goes_on_with_what_was_made(self):
        for _ in range(_ROUNDS):
            self.again()
            self.assertTrue(self.commits())
            (name,) = self.things()
            while not self.other.recover(self.row(), self.mine):
                pass
            fate, went_on = self.meet(
                self.withdraws, lambda: self.goes_on(name)  # noqa: B023
            )
            self.assertIs(Fate.TAKEN if went_on else Fate.WITHDRAWN, fate)
            self.assertEqual([], self.things())
            self.assertEqual(int(went_on), self.count(RESOURCES))

    def test_an_answer_and_a_takeover(self):
        kept = Outcome(State.SUCCEEDED, 202, b"sealed", _END)
        for _ in range(_ROUNDS):
            self.again()
            row = self.row()
            stored, taken = self.meet(
                lambda: self.first.complete(self.held, kept),
                lambda: self.other.recover(row, self.mine),  # noqa: B023
            )
            self.assertNotEqual(stored, taken)

    def goes_on(self, name):
        """Delete a thing on the third node, as who builds it does."""
        gone = sa.delete(_THINGS).where(_named(name))
        with contextlib.suppress(db_exc.DBDeadlock):
            with self.engines[2].begin() as connection:
                deleted = connection.execute(gone).rowcount
            return deleted == 1
        return False

    def things(self):
        with self.current.connect() as connection:
            return connection.scalars(sa.select(_THINGS.c.name)).all()
