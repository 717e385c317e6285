# SPDX-License-Identifier: Apache-2.0
"""Nova's API database for tests, on each kind that we support."""

from __future__ import annotations

import atexit
import functools
import typing as ty

import fixtures
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import test_fixtures as db_fixtures
import sqlalchemy as sa

from embedded import database_server
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.tests import fixtures as nova_fixtures
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables as our_tables
from testing import databases
from testing import schema

_NovaDatabase = nova_fixtures.Database


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
    database = databases.ServerDatabase(backend)
    database.setUp()
    atexit.register(database.cleanUp)
    schema.create_api(database_server.engine(database.url))
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

    :param backend: one of `testing.databases.BACKENDS`
    """

    def database(database: str = "main", **kwargs: ty.Any) -> fixtures.Fixture:
        made: fixtures.Fixture = (
            _NovaDatabase(database=database, **kwargs)
            if database != "api" or backend == "sqlite"
            else ApiDatabase(backend)
        )
        return made if database != "api" else _WithOurTables(made)

    return database


class _WithOurTables(fixtures.Fixture):
    def __init__(self, database: fixtures.Fixture) -> None:
        self._database = database

    def _setUp(self) -> None:
        self.useFixture(self._database)
        engine = api_db.get_engine()
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                raw: ty.Any = connection.connection
                raw.executescript(_our_tables())
        elif not sa.inspect(engine).has_table(our_tables.TOKENS.name):
            migration.db_sync(engine)


@functools.cache
def _our_tables() -> str:
    """Return what makes our tables in SQLite: the migrations are slower."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    migration.db_sync(engine)
    with engine.connect() as connection:
        raw: ty.Any = connection.connection
        return "".join(raw.iterdump())
