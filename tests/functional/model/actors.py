# SPDX-License-Identifier: Apache-2.0
"""Requests that can be stopped between any two steps, and a service.

A request is answered by the real engine on the real store, in a greenlet
that gives way at each of the named points, while it waits, and inside of the
service's method. A worker that is not resumed is frozen; one that is never
resumed and has lost its connection is dead.
"""

from __future__ import annotations

import contextlib
import json
import typing as ty

import greenlet  # type: ignore[import-untyped]
import sqlalchemy as sa

from openstack_idempotency.engine import points
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
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
from openstack_idempotency.sql.steps import Settings
from tests.functional.db import base
from tests.functional.model import plans
from tests.functional.model.plans import End
from tests.functional.model.plans import Plan
from tests.functional.model.plans import Token
from tests.functional.model.stand_ins import Clock
from tests.functional.model.stand_ins import give_way
from tests.functional.model.stand_ins import Heartbeats
from tests.functional.model.stand_ins import NoReturns
from tests.functional.model.stand_ins import Store

#: Two looks at a request that runs, in seconds.
WAIT = 0.2

#: A client tries again after these, and takes all others for the answer.
NOT_YET = (errors.Running, errors.TakenOver, errors.Unavailable)


class Service:
    """What all workers share: the database, and the world outside of it.

    :param database: an empty database
    """

    def __init__(self, database: base.Database) -> None:
        self.clock = Clock()
        # Nobody can wait in one thread: who finds a lock fails at once.
        self.manager = database.connect(
            connection_parameters="timeout=0", sqlite_synchronous=False
        )
        now = sa.bindparam(
            "now",
            callable_=lambda: self.clock.milliseconds,
            type_=sa.BigInteger(),
        )
        self.store = Store(
            self.manager,
            Settings(contract.LEASE, contract.TTL),
            now=now,
        )
        self.heartbeats = Heartbeats()
        self.engine = Engine(
            Parts(
                store=self.store,
                digests=Digests([contract.ONE]),
                sealer=fakes.Sealer(),
                heartbeat=ty.cast(ty.Any, self.heartbeats),
                returns=ty.cast(ty.Any, NoReturns()),
                limits=Limits(
                    token_ttl=plans.TTL,
                    wait_timeout=WAIT,
                    max_response_size=1000,
                ),
                clock=self.clock,
            )
        )
        #: Who acted outside of the database, in the order of the deeds.
        self.acted: list[Worker] = []
        self.noted: set[str] = set()

    def surviving(self, resources: ty.Sequence[Resource]) -> int:
        keys = [int(resource.key) for resource in resources]
        query = sa.select(sa.func.count()).where(base.Thing.id.in_(keys))
        with self.manager.writer.get_engine().connect() as connection:
            count: int = connection.execute(query).scalar_one()
            return count


class Worker:
    """A request under way; it is the engine's port of its work, too.

    :param service: what it works on
    :param number: which request it is
    :param plan: what it asks for
    """

    def __init__(self, service: Service, number: int, plan: Plan) -> None:
        self.plan = plan
        self.request_id = f"req-{number}"
        self.dead = False
        self.reply: Reply | None = None
        self.refusal: errors.Refusal | None = None
        self.made: list[str] = []
        self._service = service
        self._connection: sa.Connection | None = None
        self._greenlet = greenlet.greenlet(self._answer)

    def __repr__(self) -> str:
        return f"{self.request_id} ({self.plan})"

    @property
    def lasting(self) -> bool:
        """Whether its token lives as long as what it makes."""
        return False

    @property
    def followed(self) -> bool:
        """Whether it commits more after what it binds (section 3)."""
        return False

    @property
    def owner(self) -> str | None:
        """The name by which a row says that this request holds it."""
        return self._service.store.owners.get(self.request_id)

    @property
    def over(self) -> bool:
        """Whether it has been answered, or is dead."""
        return self.dead or self._greenlet.dead

    @property
    def definite(self) -> bool:
        """Whether its client has no reason to try again."""
        return self._greenlet.dead and not isinstance(self.refusal, NOT_YET)

    @property
    def writing(self) -> bool:
        """Whether it has a transaction of the service open."""
        return self._connection is not None

    def resume(self) -> None:
        """Let it come to its next point, or to its answer."""
        self._greenlet.switch()

    def kill(self) -> None:
        """Let it never go on again."""
        self.dead = True
        self._service.heartbeats.claims.pop(self.owner or "", None)
        if self._connection is not None:
            # What the service's process had begun is rolled back.
            driver: ty.Any = self._connection.connection.driver_connection
            driver.rollback()

    def clear_away(self) -> None:
        """End its greenlet, when the machine has ended."""
        with contextlib.suppress(Exception):
            self._greenlet.throw()

    def _answer(self) -> None:
        request = Request(
            token="token",
            scope=self.plan.scope,
            fingerprints=(b"%032d" % self.plan.asks,),
            request_id=self.request_id,
        )
        try:
            self.reply = self._service.engine.answer(request, self)
        except errors.Refusal as refusal:
            self.refusal = refusal

    @property
    def link(self) -> str | None:
        return contract.KIND if self.plan.token is Token.LINKED else None

    def run(self) -> Answer:
        try:
            return self._run()
        except Exception:
            # A service makes answers of all errors.
            return self._says(500)

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        if not self._service.surviving(resources):
            return None
        return self._says(202, [resource.id for resource in resources])

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        return self._service.surviving(resources) > 0

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        return Withdrawn(Fate.TAKEN)

    def undo(self, todo: str) -> None:
        raise AssertionError("nothing is ever withdrawn")

    def started(self, request_id: str) -> Started:
        if request_id not in self._service.noted:
            return Started(Evidence.NONE)
        return Started(Evidence.UNDER_WAY, self._says(202, [request_id]))

    def _run(self) -> Answer:
        give_way()
        if self.plan.end is End.REFUSAL:
            return self._says(400)
        if self.plan.end is End.ERROR:
            return self._says(500)
        if self.link:
            for number in range(self.plan.count):
                self._make(f"{self.request_id}-{number}")
        else:
            self._act()
        give_way()
        if self.plan.end is End.UNDONE:
            self._undo()
        if self.plan.end is End.SUCCESS:
            return self._says(202, self.made or [self.request_id])
        return self._says(500)

    def _make(self, name: str) -> None:
        try:
            with self._service.manager.writer.using(base.Context()) as session:
                self._connection = session.connection()
                session.add(base.Thing(name=name))
                session.flush()
                give_way()
        finally:
            self._connection = None
        self.made.append(name)

    def _act(self) -> None:
        if self.plan.noted:
            self._service.noted.add(self.request_id)
            give_way()
        self._service.acted.append(self)

    def _undo(self) -> None:
        with self._service.manager.writer.using(base.Context()) as session:
            query = sa.delete(base.Thing).where(base.Thing.name.in_(self.made))
            session.execute(query)

    def _says(self, status: int, names: ty.Sequence[str] = ()) -> Answer:
        return Answer(status, (), json.dumps(names).encode())


# Each transaction of the store is one step here, as in the model.
_WITHIN = (
    Point.CLAIMING,
    Point.COMPLETING,
    Point.EXTENDING,
    Point.RECOVERING,
    Point.FREEING,
    Point.RERUNNING,
    Point.WITHDRAWING,
)


def stop_at_points() -> None:
    """Let all workers give way at the named points."""
    points.arm(_stop)


def _stop(point: Point) -> None:
    if point not in _WITHIN:
        give_way()
