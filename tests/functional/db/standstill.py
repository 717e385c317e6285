# SPDX-License-Identifier: Apache-2.0
"""A worker that stands still in the middle of what it does."""

from __future__ import annotations

import threading
import typing as ty

import fixtures
import sqlalchemy as sa

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from tests.functional.db import base


class Standstill(fixtures.Fixture):
    """Runs something in a thread, and lets it stand still.

    Whatever it has locked in the database it holds until it goes on.

    :param body: what it does
    :param service: where its service's statements go
    :param autocommits: where those of the store go
    :param point: where it stops, if at a point
    :param statement: after which of the statements of its transactions it
        stops, if after one; a statement that is committed at once holds
        nothing
    """

    def __init__(
        self,
        body: ty.Callable[[], object],
        service: sa.Engine,
        autocommits: sa.Engine,
        *,
        point: Point | None = None,
        statement: int | None = None,
    ) -> None:
        self._body = body
        self._service = service
        self._autocommits = autocommits
        self._within = False
        self._point = point
        self._statement = statement
        self._executed = 0
        self._changed = threading.Event()
        self._go = threading.Event()
        self.stands = False
        self.error: BaseException | None = None
        #: What it was about to do, or has just done.
        self.where = ""

    def _setUp(self) -> None:
        self.addCleanup(points.arm, None)
        points.arm(self._reach)
        self._listen(self._service)
        self._listen(self._autocommits)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.addCleanup(self.go_on)
        self._thread.start()
        if not self._changed.wait(base.SOON):
            raise TimeoutError("it neither stops nor ends")

    def go_on(self) -> None:
        """Let it come to its end."""
        self._go.set()
        self._thread.join(base.SOON)
        if self._thread.is_alive():
            raise TimeoutError(f"it does not end ({self.where})")

    def _listen(self, engine: sa.Engine) -> None:
        event = "after_cursor_execute"
        sa.event.listen(engine, event, self._execute)
        self.addCleanup(sa.event.remove, engine, event, self._execute)

    def _run(self) -> None:
        try:
            self._body()
        except BaseException as exc:
            self.error = exc
        self._changed.set()

    def _reach(self, point: Point) -> None:
        if point is self._point and self._is_mine():
            self._stop(point.value)

    def _execute(
        self, conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
    ) -> None:
        if not self._is_mine():
            return
        if conn.engine is self._autocommits:
            if statement.startswith(("BEGIN", "START")):
                self._within = True
            elif statement in ("COMMIT", "ROLLBACK"):
                self._within = False
        if self._within or conn.engine is not self._autocommits:
            self._executed += 1
            if self._executed == self._statement:
                self._stop(f"after statement {self._executed}: {statement}")

    def _is_mine(self) -> bool:
        return threading.current_thread() is self._thread

    def _stop(self, where: str) -> None:
        if self._changed.is_set():
            return  # it stops once
        self.where = where
        self.stands = True
        self._changed.set()
        self._go.wait()
