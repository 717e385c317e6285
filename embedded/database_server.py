# SPDX-License-Identifier: Apache-2.0
"""Databases on a server, MariaDB or PostgreSQL: made, looked for, dropped."""

from __future__ import annotations

import os
import typing as ty

import sqlalchemy as sa

from embedded import errors

#: The servers that have a name, and the variable that says where each is.
VARIABLES: ty.Final = {
    "mysql": "TEST_MYSQL_URL",
    "postgresql": "TEST_POSTGRESQL_URL",
}
_DEFAULTS = {
    # PyMySQL would prepare for TLS each time it connects: 22 ms, to read the
    # system's authorities.
    "mysql": "mysql+pymysql://root@127.0.0.1:3306/?ssl_disabled=true",
    "postgresql": "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres",
}
_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "postgresql": "postgresql+psycopg2",
}
# The widest that all of Nova's indexes fit in.
_OPTIONS = {"mysql": " CHARACTER SET utf8mb3", "postgresql": ""}
_ALL = {
    "mysql": "SHOW DATABASES",
    "postgresql": "SELECT datname FROM pg_database",
}
_EVEN_IF_IN_USE = {"mysql": "", "postgresql": " WITH (FORCE)"}


def named(name: str) -> sa.URL:
    """Return where a server is that is known by its name.

    :param name: a key of VARIABLES
    """
    return sa.make_url(os.environ.get(VARIABLES[name], _DEFAULTS[name]))


def located(server: str) -> sa.URL:
    """Return where a server is.

    :param server: a key of VARIABLES, or a URL without a password
    :raises StackError: it is neither, or of a kind that no stack runs on
    """
    if server in VARIABLES:
        return named(server)
    try:
        url = sa.make_url(server)
        backend = url.get_backend_name()
    except sa.exc.ArgumentError:
        raise errors.StackError(_no_server(server)) from None
    if url.password is not None:
        raise errors.StackError(
            "a password on the command line can be read by everybody on "
            f"this machine: put the URL into ${_variable(backend)} instead, "
            "and choose the database by its name"
        )
    if backend not in _DRIVERS:
        raise errors.StackError(_no_server(server))
    return url.set(drivername=_DRIVERS[backend])


def engine(url: sa.URL | str) -> sa.Engine:
    """Return an engine whose connections end with their use.

    So nothing that breaks connections leaves a broken one to its users.

    :param url: the database
    """
    return sa.create_engine(url, poolclass=sa.NullPool)


def answers(server: sa.URL) -> bool:
    """Tell whether a server lets us in.

    :param server: where it is
    """
    try:
        with engine(server).connect():
            return True
    except sa.exc.OperationalError:
        return False


def url_of(server: sa.URL, name: str) -> str:
    """Return the URL of one of a server's databases.

    :param server: where it is
    :param name: the database
    """
    return server.set(database=name).render_as_string(hide_password=False)


def present(server: sa.URL, names: ty.Iterable[str]) -> bool:
    """Tell whether a server has all of these databases.

    :param server: where it is
    :param names: the databases
    """
    query = sa.text(_ALL[server.get_backend_name()])
    there = _run(server, lambda link: link.scalars(query).all())
    return set(names) <= set(there)


def create(server: sa.URL, name: str) -> str:
    """Create an empty database, and return its URL.

    :param server: where it is to be
    :param name: the database, which is not there yet
    """
    options = _OPTIONS[server.get_backend_name()]
    _execute(server, f"CREATE DATABASE {name}{options}")
    return url_of(server, name)


def drop(server: sa.URL, name: str) -> None:
    """Drop a database, if it is there, also while somebody uses it.

    :param server: where it is
    :param name: the database
    """
    force = _EVEN_IF_IN_USE[server.get_backend_name()]
    _execute(server, f"DROP DATABASE IF EXISTS {name}{force}")


def _execute(server: sa.URL, statement: str) -> None:
    _run(server, lambda link: link.execute(sa.text(statement)))


def _run(server: sa.URL, work: ty.Callable[[sa.Connection], ty.Any]) -> ty.Any:
    alone = engine(server).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with alone.connect() as connection:
            return work(connection)
    except sa.exc.OperationalError as error:
        backend = server.get_backend_name()
        raise errors.StackError(
            f"{server.render_as_string()} does not let us in: start it, or "
            f"say in ${_variable(backend)} where it is ({error.orig})"
        ) from error


def _variable(backend: str) -> str:
    name = "mysql" if backend == "mariadb" else backend
    return VARIABLES.get(name, " or $".join(VARIABLES.values()))


def _no_server(server: str) -> str:
    known = ", ".join(VARIABLES)
    return (
        f"no stack runs on the database {server!r}: choose sqlite, {known}, "
        "or the URL of such a server"
    )
