# SPDX-License-Identifier: Apache-2.0
"""Our tables, and nothing else, on each kind of database."""

from __future__ import annotations

import dataclasses
import queue
import sys
import threading
import types
import typing as ty

import fixtures
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
from sqlalchemy import orm
import testtools

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import link
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import tables
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore
from testing import databases

SOON = 120  # seconds after which a test gives up; no test waits for them

# Who waits for a lock for ever is to fail while the test lasts.
_WAIT_BRIEFLY = {
    "mysql": "SET SESSION innodb_lock_wait_timeout = 5",
    "postgresql": "SET lock_timeout = '5s'",
}

BASE = orm.declarative_base()


class Thing(BASE):  # type: ignore[misc, valid-type]
    """A resource of a service that is not Nova."""

    __tablename__ = "things"
    id = sa.Column(sa.Integer, primary_key=True, autoincrement=True)
    name = sa.Column(sa.String(255), nullable=False)


THING = Kind(contract.KIND, Thing, "name")


class AnyStore(SqlTokenStore):
    """A store of hosts that list different secrets."""

    def _keyed(self, use: Use) -> ty.Iterator[rows.Row]:
        names = ("key-1", "key-2")[: len(use.digests)]
        self._settings = dataclasses.replace(self._settings, key_ids=names)
        return super()._keyed(use)


@enginefacade.transaction_context_provider
class Context:
    """A request of that service."""


class Database(fixtures.Fixture):
    """An empty database.

    :param backend: one of databases.BACKENDS
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def _setUp(self) -> None:
        if self._backend == "sqlite":
            path = self.useFixture(fixtures.TempDir()).join("api.sqlite")
            self.url = f"sqlite:///{path}"
        else:
            server = databases.ServerDatabase(self._backend)
            self.url = self.useFixture(server).url
        self.manager = self.connect()
        self.engine = self.manager.writer.get_engine()

    def connect(self, **options: ty.Any) -> ty.Any:
        """Return a context manager with connections of its own."""
        manager = enginefacade.transaction_context()
        manager.configure(
            connection=self.url, max_retries=1, retry_interval=0, **options
        )
        engine = manager.writer.get_engine()
        self.addCleanup(engine.dispose)
        if self._backend in _WAIT_BRIEFLY:
            sa.event.listen(engine, "connect", self._wait_briefly)
            engine.dispose()
        return manager

    def _wait_briefly(self, connection: ty.Any, _: ty.Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_WAIT_BRIEFLY[self._backend])
        connection.commit()


class BackendTestCase(testtools.TestCase):
    """Base of the tests that run on one kind of database."""

    backend: ty.ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        missing = databases.missing(cls.backend)
        if missing:
            cls.skipTest(cls, missing)  # type: ignore[arg-type]


class EmptyTestCase(BackendTestCase):
    """Each test has an empty database."""

    def setUp(self) -> None:
        super().setUp()
        self.database = self.useFixture(Database(self.backend))
        self.engine = self.database.engine


class StoreTestCase(BackendTestCase, contract.StoreContract):
    """Our tables and one of a service's own; each test finds them empty."""

    database: ty.ClassVar[Database]
    store: SqlTokenStore

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.database = Database(cls.backend)
        cls.database.setUp()
        cls.addClassCleanup(cls.database.cleanUp)
        migration.db_sync(cls.database.engine)
        BASE.metadata.create_all(cls.database.engine)
        link.listen(THING)

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self._empty)
        self.log = self.useFixture(fixtures.FakeLogger())
        self.clock = fakes.Clock()
        self.store = self.store_on(self.database.manager)

    def store_on(self, manager: ty.Any, **options: ty.Any) -> SqlTokenStore:
        """Return a store whose time passes only when it is told to."""
        now = sa.bindparam(
            "now",
            callable_=lambda: self.clock.milliseconds,
            type_=sa.BigInteger(),
        )
        settings = Settings(lease=contract.LEASE, token_ttl=contract.TTL)
        store = AnyStore(manager, settings, **{"now": now, **options})
        self.addCleanup(store.connections.dispose)
        return store

    def make(
        self, claim: Claim, name: str = "a thing", manager: ty.Any = None
    ) -> Resource:
        with claims.running(claim):
            key = self.insert(name, manager)
        return Resource(contract.KIND, name, str(key))

    def insert(self, name: str, manager: ty.Any = None) -> int:
        """Make a thing in a transaction of the service; return its key."""
        service = manager or self.database.manager
        with service.writer.using(Context()) as session:
            thing = Thing(name=name)
            session.add(thing)
            session.flush()
            key = thing.id
        return ty.cast(int, key)

    def delete(self, key: int, manager: ty.Any = None) -> int:
        """Delete a thing in the way of a service; return how many went."""
        service = manager or self.database.manager
        with service.writer.using(Context()) as session:
            found = session.query(Thing).filter_by(id=key)
            count: int = found.delete(synchronize_session=False)
        return count

    def things(self) -> list[str]:
        """Return the names of what is committed."""
        with self.database.engine.connect() as connection:
            rows = connection.execute(sa.select(Thing.name).order_by(Thing.id))
            return [row.name for row in rows]

    def _empty(self) -> None:
        metadata = (tables.METADATA, BASE.metadata)
        with self.database.engine.begin() as connection:
            for each in metadata:
                for table in reversed(each.sorted_tables):
                    connection.execute(sa.delete(table))


def on_each_backend(
    scenario: type, backends: ty.Sequence[str] = databases.BACKENDS
) -> None:
    """Put a class of tests for each database into a scenario's module.

    :param scenario: a class of scenarios, which is not run itself
    :param backends: the databases
    """
    module = sys.modules[scenario.__module__]
    for backend in backends:
        name = f"{scenario.__name__.strip('_')}On{backend.capitalize()}Test"
        values = {"backend": backend, "__module__": module.__name__}
        setattr(module, name, type(name, (scenario,), values))


def on_each_server(scenario: type) -> None:
    """Do the same for the databases that are reached by a network.

    :param scenario: a class of scenarios, which is not run itself
    """
    on_each_backend(scenario, [b for b in databases.BACKENDS if b != "sqlite"])


class NoDelay(fixtures.Fixture):
    """Let oslo.db try again at once."""

    def _setUp(self) -> None:
        time = types.SimpleNamespace(sleep=lambda seconds: None)
        self.useFixture(fixtures.MonkeyPatch("oslo_db.api.time", time))


def at_once(*calls: ty.Callable[[], ty.Any]) -> list[ty.Any]:
    """Call functions in threads that begin together; return their results.

    An error of one is raised here.
    """
    barrier = threading.Barrier(len(calls))
    results: queue.Queue[tuple[int, ty.Any, BaseException | None]]
    results = queue.Queue()

    def run(number: int, call: ty.Callable[[], ty.Any]) -> None:
        try:
            barrier.wait(SOON)
            results.put((number, call(), None))
        except BaseException as exc:
            results.put((number, None, exc))

    threads = [
        threading.Thread(target=run, args=pair, daemon=True)
        for pair in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    found: dict[int, ty.Any] = {}
    for _ in calls:
        number, result, error = results.get(timeout=SOON)
        if error is not None:
            raise error
        found[number] = result
    return [found[number] for number in range(len(calls))]
