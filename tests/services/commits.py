# SPDX-License-Identifier: Apache-2.0
"""What an operation commits, one transaction after the other."""

from __future__ import annotations

import dataclasses
import threading
import typing as ty

import fixtures
import sqlalchemy as sa

from openstack_idempotency.sql import tables

_OURS: ty.Final = frozenset(tables.METADATA.tables)
_CHANGES: ty.Final = ("INSERT", "UPDATE", "DELETE")


@dataclasses.dataclass
class Transaction:
    """What one transaction has written.

    :param writes: to the service's tables: ``INSERT images``
    :param binds: whether it binds something to a token
    """

    writes: list[str] = dataclasses.field(default_factory=list)
    binds: bool = False


class Commits(fixtures.Fixture):
    """Notes what this thread commits, and may let it end after a commit.

    :param engine: the service's
    :param ends: called after the service's so-manieth commit, if at all
    :param after: which commit that is, from 1
    :param dead: whether nothing more is written then
    """

    def __init__(
        self,
        engine: sa.Engine,
        ends: type[BaseException] | None = None,
        after: int = 0,
        *,
        dead: bool = False,
    ) -> None:
        super().__init__()
        self._engine = engine
        self._ends = ends
        self._after = after
        self._dead = dead
        self._ended = False
        self._thread = threading.get_ident()
        self._running: dict[int, Transaction] = {}
        self.committed: list[Transaction] = []

    def _setUp(self) -> None:
        for name, listener in (
            ("before_cursor_execute", self._write),
            ("after_cursor_execute", self._wrote),
            ("rollback", self._undo),
        ):
            place = (self._engine, name, listener)
            sa.event.listen(*place)
            self.addCleanup(sa.event.remove, *place)
        # It has no public way to stand behind a commit: sql/commits.py.
        commit = sa.Connection._commit_impl

        def committing(connection: sa.Connection) -> None:
            commit(connection)
            self._commit(connection)

        name = "sqlalchemy.engine.base.Connection._commit_impl"
        self.useFixture(fixtures.MonkeyPatch(name, committing))

    def _mine(self) -> bool:
        return threading.get_ident() == self._thread

    def _write(
        self, conn: ty.Any, cursor: ty.Any, text: str, *_: ty.Any
    ) -> None:
        changes = text.startswith(_CHANGES)
        if self._ended and self._dead and changes and self._mine():
            assert self._ends is not None
            raise self._ends

    def _wrote(
        self, conn: ty.Any, cursor: ty.Any, text: str, *_: ty.Any
    ) -> None:
        verb, *words = text.split(None, 3)
        if not self._mine() or verb not in _CHANGES:
            return
        # Of rows that are inserted and returned, some drivers count none.
        if verb != "INSERT" and not cursor.rowcount:
            return
        table = (words[0] if verb == "UPDATE" else words[1]).strip('"`')
        running = self._running.setdefault(id(conn), Transaction())
        if table not in _OURS:
            running.writes.append(f"{verb} {table}")
        elif (verb, table) == ("INSERT", tables.RESOURCES.name):
            running.binds = True

    def _undo(self, conn: ty.Any) -> None:
        self._running.pop(id(conn), None)

    def _commit(self, conn: sa.Connection) -> None:
        done = self._running.pop(id(conn), None)
        if done is None or not done.writes:
            return
        self.committed.append(done)
        if len(self.committed) == self._after and self._ends is not None:
            self._ended = True
            raise self._ends
