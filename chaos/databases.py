# SPDX-License-Identifier: Apache-2.0
"""The databases of one site, on a real server."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as ty

import sqlalchemy as sa

from embedded import database_server
import testing.databases

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
class Database:
    """The URL of the only database that a service has.

    :param api: the database of its API, in which our tables are
    """

    api: str

    def of(self, user: str) -> ty.Self:
        """Return the same as another user of the server sees them.

        :param user: the user, who needs no password
        """
        urls = (
            sa.make_url(url).set(username=user, password=None)
            for url in dataclasses.astuple(self)
        )
        return type(self)(
            *(url.render_as_string(hide_password=False) for url in urls)
        )

    def at(self, server: str) -> ty.Self:
        """Return the same on another node of the server's cluster.

        :param server: the URL of the node
        """
        node = sa.make_url(server)
        return type(self)(
            *(
                database_server.url_of(node, str(sa.make_url(url).database))
                for url in dataclasses.astuple(self)
            )
        )

    def anywhere(self) -> ty.Self:
        """Return them for mappings of cells: each host asks its own node.

        Nova fills in what its [database] connection has.
        """
        names = (sa.make_url(url) for url in dataclasses.astuple(self))
        return type(self)(
            *(
                f"{url.drivername}://{{username}}@{{hostname}}:{{port}}"
                f"/{url.database}?{{query}}"
                for url in names
            )
        )


@dataclasses.dataclass(frozen=True)
class Databases(Database):
    """URLs of the databases that one Nova has.

    :param cell0: the cell of servers that could not be scheduled
    :param cell1: the cell of all others
    """

    cell0: str
    cell1: str


_D = ty.TypeVar("_D", bound=Database)


@contextlib.contextmanager
def created(backend: str) -> ty.Iterator[Databases]:
    """Create empty databases of a Nova, and drop them in the end.

    :param backend: "mysql" or "postgresql"
    """
    with contextlib.ExitStack() as stack:
        server = database_server.named(backend)
        yield create(Databases, server, stack.callback)


def create(
    kind: type[_D],
    server: sa.URL,
    at_the_end: ty.Callable[..., object] | None = None,
) -> _D:
    """Create empty databases.

    :param kind: says which of them
    :param server: where they are to be
    :param at_the_end: is told what drops each of them, unless the server
        goes with them
    """
    return kind(
        *(
            testing.databases.fresh(server, field.name, at_the_end)
            for field in dataclasses.fields(kind)
        )
    )


def cut(url: str) -> None:
    """Break all connections to a database, from the server's side.

    Those of one user; none if the server is down.

    :param url: the database, as that user connects to it
    """
    server = database_server.engine(url)
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
