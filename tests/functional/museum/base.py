# SPDX-License-Identifier: Apache-2.0
"""The museum's API on each kind of database, and workers of it that die."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
import typing as ty
import uuid

from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa

from openstack_idempotency.engine import points
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import contract
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.seal import AnswerSealer
from openstack_idempotency.sql import link
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.surviving import survive
from openstack_idempotency.sql.tables import RESOURCES
from tests.functional.db import base
from tests.functional.museum import tables
from tests.functional.museum.operations import Operation
from tests.functional.museum.operations import OPERATIONS

_KILLED = 9
_SECRET = b"of the museum, thirty-two bytes."


@dataclasses.dataclass
class Work:
    """An operation of the museum; see the engine's port of the name."""

    operation: Operation
    manager: ty.Any

    @property
    def link(self) -> str:
        return self.operation.kind.name

    @property
    def lasting(self) -> bool:
        return False  # nothing of a museum's lasts by itself

    @property
    def followed(self) -> bool:
        return False  # each of its operations is one transaction

    def run(self) -> Answer:
        try:
            self.operation.run(self.manager)
        except errors.TakenOver:
            return Answer(500, (), b"")
        return Answer(201, (), b"done")

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        ids = [resource.id for resource in resources]
        return Answer(201, (), json.dumps(ids).encode())

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        return survive(transaction, self.operation.kind, resources)

    def started(self, request_id: str) -> Started:
        return Started(Evidence.NONE)

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        return Withdrawn(Fate.TAKEN)

    def undo(self, todo: str) -> None:
        raise AssertionError("the museum withdraws nothing")


class _NoHeartbeat:
    """Leases last as long as the test's clock says."""

    @contextlib.contextmanager
    def keep(self, claim: ty.Any) -> ty.Iterator[None]:
        yield


class MuseumTestCase(base.StoreTestCase):
    """Each test finds two guards, and else nothing."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        tables.BASE.metadata.create_all(cls.database.engine)
        for operation in OPERATIONS.values():
            link.listen(operation.kind)

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(points.arm, None)
        with self.database.engine.begin() as connection:
            for table in tables.BASE.metadata.tables.values():
                connection.execute(sa.delete(table))
            guards = [{"name": name, "shift": 1} for name in ("Ada", "Vera")]
            connection.execute(sa.insert(tables.GUARDS), guards)

    def send(self, name: str, manager: ty.Any = None) -> Reply:
        """Ask the museum for an operation, under the token of its name."""
        operation = OPERATIONS[name]
        manager = manager or self.database.manager
        store = self.store_on(manager)
        parts = Parts.of(
            store=store,
            digests=Digests([_SECRET]),
            sealer=AnswerSealer([_SECRET]),
            limits=Limits(
                token_ttl=contract.TTL // 1000,
                wait_timeout=0,
                max_response_size=1000,
            ),
            lease=contract.LEASE / 1000,
        )
        parts = dataclasses.replace(
            parts, clock=self.clock, heartbeat=ty.cast(ty.Any, _NoHeartbeat())
        )
        request = Request(
            token=name,
            scope=contract.SCOPE,
            fingerprints=(b"f" * 32,),
            request_id=f"req-{uuid.uuid4()}",
        )
        work = Work(operation, manager)
        return Engine(parts).answer(request, work)

    def settled(self, name: str) -> Reply:
        """Send a request until nobody else has its token.

        The server takes a moment to notice that a worker has died.
        """
        end = time.monotonic() + base.SOON
        while True:
            try:
                return self.send(name)
            except errors.Running:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def killed_at(self, point: Point, name: str) -> None:
        """Let a worker process die that comes to a point of a request."""

        def die(reached: Point) -> None:
            if reached is point:
                os._exit(_KILLED)

        def work() -> None:
            points.arm(die)
            self.send(name, self.another_manager())

        self.assertEqual(_KILLED, in_a_process(work))
        self.clock.forward(contract.LEASE / 1000)

    def another_manager(self) -> ty.Any:
        """Return what a process has that shares no connection."""
        manager = enginefacade.transaction_context()
        manager.configure(connection=self.database.url)
        return manager

    def survive(
        self, kind: Kind | Change, made: ty.Sequence[Resource]
    ) -> bool:
        with self.database.engine.connect() as connection:
            return survive(connection, kind, made)

    def see(self, name: str) -> ty.Any:
        with self.database.engine.connect() as connection:
            return OPERATIONS[name].see(connection)

    def bound(self) -> list[str]:
        """Return the ids of all that is bound."""
        ids = sa.select(RESOURCES.c.resource_id).order_by(RESOURCES.c.id)
        with self.database.engine.connect() as connection:
            return list(connection.scalars(ids))


def in_a_process(work: ty.Callable[[], ty.Any]) -> int:
    """Do something in a process of its own; return how that has ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            # Nothing of the parent's may be cleaned up here.
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
