# SPDX-License-Identifier: Apache-2.0
"""Who waits for whom, by the database server's own word."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as ty

import sqlalchemy as sa

from embedded import database_server

# The connections to one database that wait for a lock.
_WAITING = {
    "mysql": "SELECT DISTINCT w.requesting_trx_id"
    " FROM information_schema.innodb_lock_waits w"
    " JOIN information_schema.innodb_trx t ON t.trx_id = w.requesting_trx_id"
    " JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id"
    " WHERE p.db = :name",
    "postgresql": "SELECT DISTINCT l.pid FROM pg_locks l"
    " JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE a.datname = :name AND NOT l.granted",
}
_EVERY = 0.1
# Seconds: less than a statement of ours waits at most, and far less than one
# of Nova's; more than a transaction takes that nobody stops.
_LONG = 1.0


class Watch:
    """Looks at a database again and again, on a thread of its own.

    :param url: the database
    """

    def __init__(self, url: str) -> None:
        self._engine = database_server.engine(url).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._looks = 0
        #: Seconds that one transaction was seen to wait, at most.
        self.longest = 0.0

    @property
    def waited(self) -> str | None:
        """Say that somebody waited for long; None if nobody did."""
        if not self._looks:
            return "nobody looked at the server"
        if self.longest < _LONG:
            return None
        return f"somebody waited for a lock for {self.longest:.1f} s"

    @contextlib.contextmanager
    def kept(self) -> ty.Iterator[None]:
        """Look while the body runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _look(self) -> None:
        since: dict[int, float] = {}
        with self._engine.connect() as connection:
            query = sa.text(_WAITING[connection.dialect.name])
            name = {"name": self._engine.url.database}
            while True:
                now = time.monotonic()
                waiting = connection.scalars(query, name).all()
                since = {one: since.get(one, now) for one in waiting}
                spans = [now - begun for begun in since.values()]
                self.longest = max([self.longest, *spans])
                self._looks += 1
                if self._over.wait(_EVERY):
                    return
