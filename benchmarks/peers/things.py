# SPDX-License-Identifier: Apache-2.0
"""A table of things, written by the driver alone."""

from __future__ import annotations

import typing as ty
from urllib import parse


class Things:
    """Makes things, on connections that are kept.

    :param url: the database, which has the table
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[ty.Any] = []

    def add(self) -> None:
        """Make one, and commit it."""
        self.run("INSERT INTO things (name) VALUES (%s)", "thing")

    def run(self, statement: str, *values: ty.Any) -> ty.Any:
        """Run a statement, commit it, and return its first row, if any.

        :param statement: the statement, in the driver's own way
        :param values: what it is given
        :raises Exception: what the driver raises; nothing is committed then
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect(self._url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                row = cursor.fetchone() if cursor.description else None
        except Exception:
            connection.rollback()
            raise
        else:
            connection.commit()
        finally:
            self._idle.append(connection)
        return row


def connect(url: str) -> ty.Any:
    """Return a new connection of the database's driver.

    :param url: the database
    """
    where = parse.urlsplit(url)
    named = {
        "host": where.hostname,
        "user": where.username,
        "password": where.password or "",
        "database": where.path.lstrip("/"),
    }
    if where.scheme == "mysql":
        import pymysql

        return pymysql.connect(
            **named, port=where.port or 3306, ssl_disabled=True
        )
    import psycopg2

    return psycopg2.connect(**named, port=where.port or 5432)
