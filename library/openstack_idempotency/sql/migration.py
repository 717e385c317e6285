# SPDX-License-Identifier: Apache-2.0
"""Brings the tables of client tokens up to date, apart from the service's."""

from __future__ import annotations

import contextlib
import importlib.resources
import typing as ty

from alembic import command
from alembic import config as alembic_config
from alembic import script
from alembic.runtime import migration
from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.sql import capability
from openstack_idempotency.sql import connections
from openstack_idempotency.sql import tables
from openstack_idempotency.sql import transaction

# The service's database may have an alembic_version of its own.
VERSION_TABLE = "alembic_version_idempotency"

_SCRIPTS = "openstack_idempotency.migrations"

# Two runs at a time would both find a table missing, so one waits for the
# other: for so many seconds, on a lock that no other application takes.
_PATIENCE = 60
_LOCK_NAME = "client_tokens_db_sync"
_LOCK_NUMBER = 0x436C546F6B656E73
_LOCK = (
    f"SELECT GET_LOCK('{_LOCK_NAME}', {{patience}})",
    f"SELECT RELEASE_LOCK('{_LOCK_NAME}')",
)
# Behind a connection pooler, the next transaction may be on another connection
# of the server: so neither the lock nor a setting may outlive this one.
_LOCK_OF_TRANSACTION = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
    "SET LOCAL lock_timeout = '{patience}s'; "
    f"SELECT CASE WHEN pg_advisory_xact_lock({_LOCK_NUMBER}) IS NULL "
    "THEN 1 ELSE 1 END"
)

# On Galera that lock is the node's own: of two runs on two nodes one fails,
# since it meets what the other one has made, or is about to make: a table, an
# index, a row, a change of the same row, or of the same table. It runs again.
_MET = (1050, 1061, 1062, 1213, 1684)
_again = oslo_db_api.wrap_db_retry(
    max_retries=10,
    retry_interval=0.5,
    inc_retry_interval=False,
    exception_checker=lambda exc: transaction.code(exc) in _MET,
)

# For so many seconds it waits for a transaction that uses a table. Whoever
# wants that table meanwhile, waits behind it.
_BRIEFLY = 3
# How MariaDB and MySQL are asked for what they have now, and told.
_WAIT = (
    "SELECT @@SESSION.lock_wait_timeout",
    "SET SESSION lock_wait_timeout = {}",
)
_WAIT_IN_TRANSACTION = "SET LOCAL lock_timeout = '{}s'"

# What came before the first release: its version, and columns that its tables
# lack. Resources first: the order in which they have to be dropped.
_UNRELEASED = "5f3c1d8a2b40"
_RELEASED = {
    tables.RESOURCES.name: "row_key",
    tables.TOKENS.name: "key_id",
}


class Unusable(Exception):
    """The database cannot be used; the text says why, and what to do."""


def db_sync(engine: sa.Engine) -> None:
    """Apply all missing migrations; safe to run again, or twice at once.

    :param engine: the service's database
    :raises capability.Unsupported: the server is too old
    :raises Unusable: the tables are of a form that was never released, or
        another run, or a transaction on them, does not end
    """
    _again(_db_sync)(engine)


def _db_sync(engine: sa.Engine) -> None:
    config = alembic_config.Config()
    scripts = importlib.resources.files(_SCRIPTS)
    # Alembic reads its settings with interpolation, where a % is special.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    with engine.connect() as connection, _alone(connection):
        capability.check(connection)
        _check_form(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def db_drop(engine: sa.Engine) -> None:
    """Delete the tables, and what was noted of their version.

    :param engine: the service's database
    :raises Unusable: another run, or a transaction on them, does not end
    """
    version = sa.Table(VERSION_TABLE, sa.MetaData())
    with engine.connect() as connection, _alone(connection):
        if engine.dialect.name == "sqlite":
            tables.METADATA.drop_all(connection)
            version.drop(connection, checkfirst=True)
        else:
            # All or none: where one of them is in use, none is dropped.
            names = ", ".join([*tables.METADATA.tables, VERSION_TABLE])
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")


def newest() -> str | None:
    """Return the newest migration there is."""
    scripts = importlib.resources.files(_SCRIPTS)
    return script.ScriptDirectory(str(scripts)).get_current_head()


def db_version(engine: sa.Engine) -> str | None:
    """Return the newest migration that was applied, None before the first.

    :param engine: the service's database
    """
    with engine.connect() as connection:
        return _version(connection)


def _check_form(connection: sa.Connection) -> None:
    inspector = sa.inspect(connection)
    for name, column in _RELEASED.items():
        if not inspector.has_table(name):
            continue
        if column not in {c["name"] for c in inspector.get_columns(name)}:
            raise _unreleased(f"table {name}")
    if _version(connection) == _UNRELEASED:
        raise _unreleased(f"version {_UNRELEASED}")


def _unreleased(what: str) -> Unusable:
    names = ", ".join([*_RELEASED, VERSION_TABLE])
    return Unusable(
        f"{what} is of a version that was never released. Drop the tables "
        f"{names}, where they exist, and run this again; tokens that are in "
        "use will be forgotten."
    )


def _version(connection: sa.Connection) -> str | None:
    context = migration.MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE}
    )
    return context.get_current_revision()


@contextlib.contextmanager
def _alone(connection: sa.Connection) -> ty.Iterator[None]:
    """Let one run at a time change the tables, in one transaction.

    SQLite has one writer at a time.
    """
    alone = {"mysql": _on_connection, "postgresql": _in_transaction}
    within = alone.get(connections.backend(connection), sa.Connection.begin)
    try:
        with within(connection):
            yield
    except (db_exc.DBError, sa.exc.DBAPIError) as exc:
        if not transaction.timed_out(exc):
            raise
        raise Unusable(
            "a transaction uses the tables, and does not end. Stop the API "
            "process that it belongs to, and run this again."
        ) from None


@contextlib.contextmanager
def _in_transaction(connection: sa.Connection) -> ty.Iterator[None]:
    """Hold the lock until the end of the transaction, as PostgreSQL can."""
    with connection.begin():
        _take(connection, _LOCK_OF_TRANSACTION)
        connection.exec_driver_sql(_WAIT_IN_TRANSACTION.format(_BRIEFLY))
        yield


@contextlib.contextmanager
def _on_connection(connection: sa.Connection) -> ty.Iterator[None]:
    """Hold the lock whatever the transactions of the connection do.

    On MariaDB and MySQL each change of a table ends one.
    """
    ask, wait = _WAIT
    take, free = _LOCK
    before = connection.exec_driver_sql(ask).scalar_one()
    _take(connection, take)
    connection.exec_driver_sql(wait.format(_BRIEFLY))
    connection.commit()
    try:
        with connection.begin():
            yield
    finally:
        connection.exec_driver_sql(wait.format(before))
        connection.exec_driver_sql(free).all()
        connection.commit()


def _take(connection: sa.Connection, take: str) -> None:
    if not _taken(connection, take.format(patience=_PATIENCE)):
        raise Unusable(
            "another 'db sync' has been running for too long. Wait until it "
            "has finished, and run this again."
        )


def _taken(connection: sa.Connection, take: str) -> bool:
    try:
        return connection.exec_driver_sql(take).scalar() == 1
    except (db_exc.DBError, sa.exc.DBAPIError) as exc:
        if not transaction.timed_out(exc):
            raise
        return False
