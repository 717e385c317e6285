# SPDX-License-Identifier: Apache-2.0
"""The databases of one site, on a real server."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import os
import uuid

import sqlalchemy as sa

# The servers that are used if they answer; another place can be named. PyMySQL
# would prepare for TLS each time it connects: 22 ms, to read the system's CAs.
SERVERS = {
    "mysql": os.environ.get(
        "TEST_MYSQL_URL",
        "mysql+pymysql://root@127.0.0.1:3306/?ssl_disabled=true",
    ),
    "postgresql": os.environ.get(
        "TEST_POSTGRESQL_URL",
        "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres",
    ),
}

# All connections of a user to a database but for the one that asks.
_OTHERS = {
    "mysql": "SELECT id FROM information_schema.processlist"
    " WHERE db = :name AND user = :user"
    " AND id <> CONNECTION_ID() AND command <> 'Killed'",
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = :name AND usename = :user"
    " AND pid <> pg_backend_pid()",
}
_END = {
    "mysql": "KILL CONNECTION :id",
    "postgresql": "SELECT pg_terminate_backend(:id)",
}


@dataclasses.dataclass(frozen=True)
class Databases:
    """URLs of the databases that one Nova has.

    :param api: the API database, in which ours are
    :param cell0: the cell of servers that could not be scheduled
    :param cell1: the cell of all others
    """

    api: str
    cell0: str
    cell1: str

    def of(self, user: str) -> Databases:
        """Return the same as another user of the server sees them.

        :param user: the user, who needs no password
        """
        urls = (
            sa.make_url(url).set(username=user, password=None)
            for url in dataclasses.astuple(self)
        )
        return Databases(
            *(url.render_as_string(hide_password=False) for url in urls)
        )


def engine(url: str) -> sa.Engine:
    """Return an engine whose connections end with their use.

    So nothing that breaks connections leaves a broken one to its users.

    :param url: the database
    """
    return sa.create_engine(url, poolclass=sa.NullPool)


def missing(backend: str) -> str | None:
    """Return why a kind of database cannot be used, None if it can.

    As tests/functional has it: where TEST_REQUIRE_DATABASES is set, each one
    is used, and what needs it fails if it does not answer.

    :param backend: a key of SERVERS
    """
    if os.environ.get("TEST_REQUIRE_DATABASES"):
        return None
    try:
        with engine(SERVERS[backend]).connect():
            return None
    except sa.exc.OperationalError:
        return f"no {backend} server answers"


@contextlib.contextmanager
def created(backend: str) -> Iterator[Databases]:
    """Create empty databases of their own, and drop them in the end.

    :param backend: a key of SERVERS
    """
    with contextlib.ExitStack() as stack:
        yield create(SERVERS[backend], stack.callback)


def create(
    url: str, at_the_end: Callable[..., object] | None = None
) -> Databases:
    """Create empty databases.

    :param url: the server
    :param at_the_end: is told what drops each of them, unless the server
        goes with them
    """
    server = engine(url).execution_options(isolation_level="AUTOCOMMIT")
    backend = server.dialect.name
    site = uuid.uuid4().hex
    options = " CHARACTER SET utf8mb3" if backend == "mysql" else ""
    force = " WITH (FORCE)" if backend == "postgresql" else ""
    urls = []
    with server.connect() as connection:
        for field in dataclasses.fields(Databases):
            name = f"nova_chaos_{site}_{field.name}"
            connection.execute(sa.text(f"CREATE DATABASE {name}{options}"))
            if at_the_end is not None:
                drop = sa.text(f"DROP DATABASE {name}{force}")
                at_the_end(_run, server, drop)
            of_it = server.url.set(database=name)
            urls.append(of_it.render_as_string(hide_password=False))
    return Databases(*urls)


def cut(url: str) -> None:
    """Break all connections to a database, from the server's side.

    Those of one user; none if the server is down.

    :param url: the database, as that user connects to it
    """
    server = engine(url)
    down = contextlib.suppress(sa.exc.OperationalError)
    with down, server.connect() as connection:
        _cut(connection, server.url)


def _cut(connection: sa.Connection, url: sa.URL) -> None:
    backend = connection.dialect.name
    whose = {"name": url.database, "user": url.username}
    for row in connection.execute(sa.text(_OTHERS[backend]), whose).all():
        with contextlib.suppress(sa.exc.DBAPIError):
            # One that has ended by itself meanwhile.
            connection.execute(sa.text(_END[backend]), {"id": row[0]})
        if connection.invalidated:
            # By another worker, which cuts all connections off as well.
            return


def _run(server: sa.Engine, statement: sa.TextClause) -> None:
    with server.connect() as connection:
        connection.execute(statement)
