# SPDX-License-Identifier: Apache-2.0
"""Connections of our own to a service's database.

They are separate from the service's pool for three reasons. Their settings
(isolation, how long to wait for locks) are made once, when they are opened,
and change nothing for the service. They need no ping before and no rollback
after each use: a step of one statement is one round trip. And the server runs
it as a whole, so that a worker that stops in it keeps no lock.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
import typing as ty

from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters
import sqlalchemy as sa
from sqlalchemy.engine import default

from openstack_idempotency.sql import capability
from openstack_idempotency.sql import handlers
from openstack_idempotency.sql import statements

# Seconds: how long to wait for the server, and for one of our connections.
_CONNECT = 5
_ANSWER = 10
_POOL = 5
# Seconds that a statement waits for a lock on a row or a table: its holder may
# be stopped. Longer than PostgreSQL's deadlock_timeout of a second, so that
# one side of a deadlock is aborted before both give up.
_LOCK = 2

_DRIVER_LIMITS: dict[str, dict[str, ty.Any]] = {
    "pymysql": {
        "connect_timeout": _CONNECT,
        "read_timeout": _ANSWER,
        "write_timeout": _ANSWER,
    },
    "psycopg2": {
        "connect_timeout": _CONNECT,
        "tcp_user_timeout": _ANSWER * 1000,
        # While a statement runs, a host that is gone has nothing to
        # acknowledge: keepalives ask whether it is still there.
        "keepalives": 1,
        "keepalives_idle": _CONNECT,
        "keepalives_interval": 1,
        "keepalives_count": 5,
    },
}
# The release of PostgreSQL's library that has the option of this name.
_TCP_USER_TIMEOUT = 120000
# At REPEATABLE READ the server would lock the gaps of its indexes, where
# everybody's new rows go. By default it scans tables for lists of some hundred
# values, and MariaDB sorts for a thousand.
_ON_CONNECT = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    f"SET SESSION innodb_lock_wait_timeout = {_LOCK}, "
    f"SESSION lock_wait_timeout = {_LOCK}, "
    "SESSION eq_range_index_dive_limit = 0 "
    "/*M!, SESSION in_predicate_conversion_threshold = 0 */",
)
# Sent with the statement in one message, which the server runs as one
# transaction: behind a connection pooler, no setting may outlive it.
_ALONE = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
    f"SET LOCAL lock_timeout = '{_LOCK}s'; "
)
_BEGIN = {
    "mysql": ("START TRANSACTION",),
    "postgresql": (
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        f"SET LOCAL lock_timeout = '{_LOCK}s'",
    ),
}
_OPEN = "client_tokens_transaction"  # in a connection's info


@enginefacade.transaction_context_provider
class _Apart:
    """A context that no other transaction uses."""


class Connections:
    """Connections of our own to the database of an enginefacade.

    On SQLite, which has one writer at a time, they are the service's.

    :param database: enginefacade's context manager
    :param size: how many connections are kept open
    :param overflow: how many more there may be
    :param recycle: seconds after which a connection is not used again
    :param sql_mode: of MariaDB and MySQL, None for the server's own
    :param wsrep_sync_wait: for which statements a node of Galera first
        applies all that the others have committed, as on the service's
        connections
    """

    def __init__(
        self,
        database: ty.Any,
        *,
        size: int = 5,
        overflow: int = 50,
        recycle: int = 3600,
        sql_mode: str | None = "TRADITIONAL",
        wsrep_sync_wait: int | None = None,
    ) -> None:
        self._database = database
        self.size = size
        self._overflow = overflow
        self._recycle = recycle
        self._sql_mode = sql_mode
        self._wsrep_sync_wait = wsrep_sync_wait
        self._lock = threading.Lock()
        self._services: sa.Engine | None = None
        self._ours: sa.Engine | None = None
        self._pid = os.getpid()
        self._capable = False

    def engine(self) -> sa.Engine:
        """Return the engine of our connections."""
        services = self._database.writer.get_engine()
        with self._lock:
            if self._pid != os.getpid():
                self._leave_to_parent()
            if self._ours is None or services is not self._services:
                # The service's own statements run under our claims, too.
                handlers.listen(services)
                statements.watch(services)
                self.dispose()
                self._services = services
                self._ours = self._engine_beside(services)
                self._capable = False
            return self._ours

    def probe(self) -> None:
        """Connect once, to see what the server can do.

        :raises capability.Unsupported: it is too old
        """
        engine = self.engine()
        if engine.dialect.name != "sqlite":
            with engine.connect() as connection:
                self._check(connection)

    def dispose(self) -> None:
        """Close what is open; the next use opens new connections."""
        if self._ours is not None and self._ours is not self._services:
            self._ours.dispose()

    def _leave_to_parent(self) -> None:
        # API servers fork after loading, and two processes must not share a
        # connection. The parent closes it.
        self._pid = os.getpid()
        if self._ours is not None and self._ours is not self._services:
            self._ours.dispose(close=False)

    @contextlib.contextmanager
    def statement(self) -> ty.Iterator[sa.Connection]:
        """Give a connection for one statement, which is its transaction.

        :raises capability.Unsupported: the server is too old
        """
        engine = self.engine()
        if engine.dialect.name == "sqlite":
            with self._sqlite() as connection:
                yield connection
            return
        with engine.connect() as connection:
            self._check(connection)
            yield connection

    @contextlib.contextmanager
    def transaction(self) -> ty.Iterator[sa.Connection]:
        """Give a connection for a transaction of several statements.

        A database error must leave the body: the server may have undone all
        of it, and what follows would be a transaction of its own.

        :raises capability.Unsupported: the server is too old
        """
        with self.statement() as connection:
            if connection.dialect.name == "sqlite":
                yield connection
                return
            connection.info[_OPEN] = True
            try:
                for statement in _BEGIN[backend(connection)]:
                    connection.exec_driver_sql(statement)
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise
            finally:
                if not connection.invalidated:
                    connection.info.pop(_OPEN, None)

    def _sqlite(self) -> ty.Any:
        return self._database.writer.connection.using(_Apart())

    def _prepare(self, driver_connection: ty.Any, *_: ty.Any) -> None:
        statements = list(_ON_CONNECT)
        if self._wsrep_sync_wait is not None:
            wait = int(self._wsrep_sync_wait)
            statements.append(f"SET SESSION wsrep_sync_wait = {wait}")
        with contextlib.closing(driver_connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            if self._sql_mode is not None:
                cursor.execute("SET SESSION sql_mode = %s", (self._sql_mode,))

    def _check(self, connection: sa.Connection) -> None:
        if not self._capable:
            capability.check(connection)
            self._capable = True

    def _engine_beside(self, services: sa.Engine) -> sa.Engine:
        if services.dialect.name == "sqlite":
            return services
        url = services.url
        limits = _limits(services.dialect)
        engine = sa.create_engine(
            url,
            connect_args={
                k: v for k, v in limits.items() if k not in url.query
            },
            isolation_level="AUTOCOMMIT",
            max_overflow=self._overflow,
            pool_recycle=self._recycle,
            pool_reset_on_return=None,
            pool_size=self.size,
            pool_timeout=_POOL,
            **_no_rollback(),
        )
        # Without oslo.db's other events, which are for savepoints: where an
        # engine has any of its own, all statements take a tenth longer.
        translate = exc_filters.handler
        sa.event.listen(engine, "handle_error", translate, retval=True)
        handlers.listen(engine)
        if services.dialect.name == "postgresql":
            sa.event.listen(engine, "do_execute", _execute_alone)
        else:
            sa.event.listen(engine, "connect", self._prepare)
        return engine


def backend(connection: sa.Connection) -> str:
    """Return what kind of server a connection has: MariaDB is a mysql.

    :param connection: the connection
    """
    name = connection.dialect.name
    return "mysql" if name == "mariadb" else name


def _limits(dialect: sa.Dialect) -> dict[str, ty.Any]:
    limits = _DRIVER_LIMITS.get(dialect.driver, {})
    libpq = getattr(dialect.dbapi, "__libpq_version__", _TCP_USER_TIMEOUT)
    if libpq >= _TCP_USER_TIMEOUT:
        return limits
    return {k: v for k, v in limits.items() if k != "tcp_user_timeout"}


def _no_rollback() -> dict[str, bool]:
    """Return the option that saves a rollback after each autocommit statement.

    SQLAlchemy has it from 2.0.43 on; before, there is one more round trip.
    """
    known = inspect.signature(default.DefaultDialect.__init__).parameters
    name = "skip_autocommit_rollback"
    return {name: True} if name in known else {}


def _execute_alone(
    cursor: ty.Any, statement: str, parameters: ty.Any, context: ty.Any
) -> bool:
    # What SQLAlchemy itself asks a new server is outside of transactions.
    connection = context.root_connection
    if not connection.in_transaction() or connection.info.get(_OPEN):
        return False
    cursor.execute(_ALONE + statement, parameters)
    return True


def _roll_back(connection: sa.Connection) -> None:
    try:
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
    except Exception:
        # Its state is unknown, so nobody else may get it.
        connection.invalidate()
