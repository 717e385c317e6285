# SPDX-License-Identifier: Apache-2.0
"""What a stack runs on: a kind of database, and a server of WSGI."""

from __future__ import annotations

import dataclasses
import pathlib

import sqlalchemy as sa

from embedded import database_server

SQLITE = "sqlite"
WAITRESS = "waitress"
UWSGI = "uwsgi"
GUNICORN = "gunicorn"
SERVERS = (WAITRESS, UWSGI, GUNICORN)
#: Bytes. Tokens and catalogs make headers longer than uWSGI expects.
LONGEST_HEADERS = 65535


@dataclasses.dataclass(frozen=True)
class Platform:
    """One choice of both.

    :param database: "sqlite", a server that `database_server` knows by name,
        or the URL of one
    :param server: what serves each API, one of SERVERS
    :raises StackError: no stack can run on such a database
    """

    database: str = SQLITE
    server: str = WAITRESS

    def __post_init__(self) -> None:
        # Before anything is made for it.
        _ = self.location

    @property
    def location(self) -> sa.URL | None:
        """Where the databases' server is; none has those of SQLite."""
        if self.database == SQLITE:
            return None
        return database_server.located(self.database)

    def beside(self, folder: pathlib.Path) -> pathlib.Path:
        """Return the folder of such a stack's state.

        :param folder: the one of a stack on SQLite
        """
        if self.location is None:
            return folder
        backend = self.location.get_backend_name()
        return folder.with_name(f"{folder.name}-{backend}")
