# SPDX-License-Identifier: Apache-2.0
"""Nova's SQLite databases, as they were before a request."""

from __future__ import annotations

import sqlite3
import typing as ty

import fixtures
import sqlalchemy as sa

from openstack_idempotency.sql import tables


class Databases(fixtures.Fixture):
    """Tells whether a request wrote anything, and takes it back.

    :param engines: the databases; the first has our tables
    """

    def __init__(self, engines: ty.Sequence[sa.Engine]) -> None:
        self._files = [engine.url.database for engine in engines]

    def _setUp(self) -> None:
        self._open = [self._connect(str(file)) for file in self._files]
        self._before = [self._connect(":memory:") for _ in self._open]
        for database, before in zip(self._open, self._before, strict=True):
            database.backup(before)
        self._versions = self._read_versions()

    def changed(self) -> bool:
        """Tell whether anything was committed since the last restore."""
        return self._read_versions() != self._versions

    def restore(self) -> None:
        """Take back all that was committed."""
        now = self._read_versions()
        for place, version in enumerate(now):
            if version != self._versions[place]:
                self._before[place].backup(self._open[place])
        self._versions = self._read_versions()

    def stored(self) -> tuple[int, int]:
        """Return how many tokens and how many bindings are stored."""
        tokens, resources = (
            self._open[0].execute(f"SELECT count(*) FROM {table.name}")
            for table in (tables.TOKENS, tables.RESOURCES)
        )
        return tokens.fetchone()[0], resources.fetchone()[0]

    def _connect(self, file: str) -> sqlite3.Connection:
        made = sqlite3.connect(file, timeout=30)
        self.addCleanup(made.close)
        return made

    def _read_versions(self) -> list[int]:
        # Another connection's commits change it, this one's own do not.
        return [
            database.execute("PRAGMA data_version").fetchone()[0]
            for database in self._open
        ]
