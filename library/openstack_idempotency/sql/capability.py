# SPDX-License-Identifier: Apache-2.0
"""What a database server must be able to do."""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

# Tried rather than looked up: the version often comes from a proxy.
_SKIP_LOCKED = (
    "SELECT 1 FROM (SELECT 1 AS one) AS probe FOR UPDATE SKIP LOCKED"
)
# Not as @@log_bin: a server that lacks a variable would raise an error.
_BINARY_LOG = (
    "SHOW SESSION VARIABLES WHERE Variable_name IN "
    "('log_bin', 'binlog_format')"
)


class Unsupported(Exception):
    """The server lacks what is needed; the text says what, and what to do."""


def check(connection: sa.Connection) -> None:
    """Check that a server can do what the store asks of it.

    :param connection: a connection to it
    :raises Unsupported: it cannot
    :raises db_exc.DBConnectionError: it does not answer
    """
    # Past SQLAlchemy: oslo.db would log the error as an unexpected one.
    driver: ty.Any = connection.dialect.dbapi
    raw: ty.Any = connection.connection
    if connection.dialect.name == "sqlite":
        return
    try:
        with contextlib.closing(raw.cursor()) as cursor:
            cursor.execute(_SKIP_LOCKED)
            cursor.fetchall()
            if connection.dialect.name in ("mysql", "mariadb"):
                cursor.execute(_BINARY_LOG)
                check_binary_log(dict(cursor.fetchall()))
    except driver.ProgrammingError:
        version = ".".join(
            map(str, connection.dialect.server_version_info or ())
        )
        raise Unsupported(
            "the database server does not support SKIP LOCKED, without which "
            "one stopped API worker would block all others. Client tokens "
            "need MariaDB 10.6, MySQL 8.0.1 or PostgreSQL 9.5, or later; this "
            f"server reports version {version}. Upgrade it, or do not turn "
            "client tokens on."
        ) from None
    except driver.Error as exc:
        connection.invalidate(exc)
        raise db_exc.DBConnectionError(exc) from exc


def check_binary_log(variables: ty.Mapping[str, str]) -> None:
    """Check that a server can log what the store writes.

    :param variables: the server's, by their names
    :raises Unsupported: it cannot
    """
    on = variables.get("log_bin") == "ON"
    if on and variables.get("binlog_format") == "STATEMENT":
        raise Unsupported(
            "the database server uses statement-based binary logging, and "
            "therefore refuses READ COMMITTED, which client tokens need. Set "
            "binlog_format to MIXED or ROW."
        )
