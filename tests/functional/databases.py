# SPDX-License-Identifier: Apache-2.0
"""Nova's API database for tests, on each kind that we support."""

from __future__ import annotations

import atexit
import functools
import os
import typing as ty
import uuid

import fixtures
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import test_fixtures as db_fixtures
import sqlalchemy as sa

from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.tests import fixtures as nova_fixtures
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables as our_tables

BACKENDS = ("sqlite", "mysql", "postgresql")

# The servers that are used if they answer; another place can be named. PyMySQL
# would prepare for TLS each time it connects: 22 ms, to read the system's CAs.
_SERVERS = {
    "mysql": os.environ.get(
        "TEST_MYSQL_URL",
        "mysql+pymysql://root@127.0.0.1:3306/?ssl_disabled=true",
    ),
    "postgresql": os.environ.get(
        "TEST_POSTGRESQL_URL",
        "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres",
    ),
}
_REQUIRED = "TEST_REQUIRE_DATABASES"
_NovaDatabase = nova_fixtures.Database


@functools.cache
def _server(backend: str) -> sa.Engine:
    return sa.create_engine(
        _SERVERS[backend], isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )


@functools.cache
def missing(backend: str) -> str | None:
    """Return why a kind of database cannot be used, None if it can.

    Where the environment variable TEST_REQUIRE_DATABASES is set, as it is in
    the gate, each one is used, and its tests fail if it does not answer.
    """
    if backend == "sqlite" or os.environ.get(_REQUIRED):
        return None
    try:
        with _server(backend).connect():
            return None
    except sa.exc.OperationalError:
        return f"no {backend} server answers"


class ServerDatabase(fixtures.Fixture):
    """An empty database of its own on a real server.

    :param backend: mysql or postgresql
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def _setUp(self) -> None:
        server = _server(self._backend)
        name = f"nova_idempotency_{uuid.uuid4().hex}"
        options = " CHARACTER SET utf8mb3" if self._backend == "mysql" else ""
        force = " WITH (FORCE)" if self._backend == "postgresql" else ""
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}{options}"))
        self.addCleanup(self._drop, f"DROP DATABASE {name}{force}")
        url = server.url.set(database=name)
        self.url = url.render_as_string(hide_password=False)

    def _drop(self, statement: str) -> None:
        with _server(self._backend).connect() as connection:
            connection.execute(sa.text(statement))


class ApiDatabase(fixtures.Fixture):
    """Nova's API database on a real server, empty for each test.

    :param backend: mysql or postgresql
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def _setUp(self) -> None:
        manager = enginefacade.transaction_context()
        self.useFixture(
            db_fixtures.ReplaceEngineFacadeFixture(
                api_db.context_manager, manager
            )
        )
        api_db.configure(nova_fixtures.CONF)
        manager.configure(connection=_of_this_process(self._backend))
        self.get_engine = api_db.get_engine
        self.addCleanup(self.get_engine().dispose)
        self.addCleanup(_empty, self.get_engine())


@functools.cache
def _of_this_process(backend: str) -> str:
    """Return where Nova's tables are; to create them takes seconds."""
    database = ServerDatabase(backend)
    database.setUp()
    atexit.register(database.cleanUp)
    engine = sa.create_engine(database.url)
    api_models.BASE.metadata.create_all(engine)
    engine.dispose()
    return database.url


def _empty(engine: sa.Engine) -> None:
    """Delete all rows, and create those of our tables that a test dropped."""
    ours = our_tables.METADATA
    there = set(sa.inspect(engine).get_table_names())
    tables = [*api_models.BASE.metadata.sorted_tables]
    with engine.begin() as connection:
        if there.issuperset(ours.tables):
            tables += ours.sorted_tables
        else:
            ours.drop_all(connection)
            version = sa.Table(migration.VERSION_TABLE, sa.MetaData())
            version.drop(connection, checkfirst=True)
        for table in reversed(tables):
            connection.execute(sa.delete(table))


def replacement(backend: str) -> ty.Callable[..., fixtures.Fixture]:
    """Return what stands in for Nova's fixture of the same name.

    :param backend: one of BACKENDS
    """

    def database(database: str = "main", **kwargs: ty.Any) -> fixtures.Fixture:
        if database != "api":
            return _NovaDatabase(database=database, **kwargs)
        return _WithOurTables(
            _NovaDatabase(database="api")
            if backend == "sqlite"
            else ApiDatabase(backend)
        )

    return database


class _WithOurTables(fixtures.Fixture):
    def __init__(self, database: fixtures.Fixture) -> None:
        self._database = database

    def _setUp(self) -> None:
        self.useFixture(self._database)
        migration.db_sync(api_db.get_engine())
