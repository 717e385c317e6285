# SPDX-License-Identifier: Apache-2.0
"""The base of all tests of services."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import json
import typing as ty
import uuid

import fixtures
import sqlalchemy as sa
import testtools
import webob

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql import tables
from tests.services.sample import Sample
from tests.services.sample import Wanted
from tests.services.world import Caller
from tests.services.world import World

# The protocol's other points are the same for each service: Nova's tests have
# them. These are in and beside the transaction of this one.
BEFORE_THE_COMMIT = (Point.BEFORE_LINK, Point.BEFORE_COMMIT)
AFTER_THE_COMMIT = (Point.AFTER_COMMIT, Point.BEFORE_SETTLE)
_OURS = frozenset(tables.METADATA.tables)
_CHANGES = ("INSERT", "UPDATE", "DELETE")
# What differs from one row to the next though nothing else does.
_TIMES = ("created_at", "updated_at")


class Died(BaseException):
    """Stands for the end of a worker: nothing may catch it."""


class ServiceTestCase(testtools.TestCase):
    """A service; each test finds no token."""

    #: The service.
    world: ty.ClassVar[World]
    #: A request for each operation, by its name.
    samples: ty.ClassVar[ty.Mapping[str, Sample]]
    #: Columns that the service goes on to change by itself, by their tables.
    moving: ty.ClassVar[ty.Mapping[str, tuple[str, ...]]] = {}
    #: Tables in which the service keeps books, and no answer tells of them.
    books: ty.ClassVar[ty.Collection[str]] = ()

    def setUp(self) -> None:
        super().setUp()
        # What the service says is shown where a test fails.
        self.useFixture(fixtures.FakeLogger())
        self.addCleanup(points.arm, None)
        self.world.headers(Caller())  # who may have to log in
        with self.world.engine.begin() as connection:
            for table in reversed(tables.METADATA.sorted_tables):
                connection.execute(sa.delete(table))

    def send(
        self,
        method: str,
        path: str,
        body: ty.Any = None,
        token: str | None = None,
        caller: ty.Any = None,
        **headers: str,
    ) -> webob.Response:
        """Send a request; a body that is no bytes becomes JSON."""
        if token is not None:
            headers["X-Client-Token"] = token
        req = self.world.request(method, path, caller, **headers)
        if body is not None:
            given = isinstance(body, bytes)
            req.body = body if given else json.dumps(body).encode()
            req.content_type = headers.get("Content-Type", "application/json")
        return self.world.send(req)

    def ask(self, method: str, path: str, body: ty.Any = None) -> ty.Any:
        """Send a request that has to succeed, and return the answer's JSON."""
        answer = self.send(method, path, body, **self.newest())
        self.assertLess(answer.status_int, 300, answer.text)
        shown = answer.content_type == "application/json" and answer.body
        return answer.json if shown else None

    def newest(self) -> dict[str, str]:
        """Return the headers that ask for the newest version."""
        return {}

    def wanted(self, path: str) -> Wanted:
        """Make what an operation needs, and return the request for it."""
        return self.samples[path].given(self.ask)

    def post(
        self,
        path: str,
        wanted: Wanted,
        token: str | None = None,
        caller: ty.Any = None,
        **headers: str,
    ) -> webob.Response:
        """Send the request for an operation."""
        given = {**self.samples[path].headers, **headers}
        return self.send(
            "POST", wanted.path, wanted.body, token, caller, **given
        )

    @contextlib.contextmanager
    def effects(self) -> ty.Iterator[list[str]]:
        """Collect the writes to the service's own tables."""
        seen: list[str] = []

        def note(conn: ty.Any, cursor: ty.Any, text: str, *_: ty.Any) -> None:
            verb, *words = text.split(None, 3)
            if verb in _CHANGES:
                table = words[0] if verb == "UPDATE" else words[1]
                if table.strip('"') not in _OURS:
                    seen.append(f"{verb} {table.strip(chr(34))}")

        place = (self.world.engine, "before_cursor_execute", note)
        sa.event.listen(*place)
        try:
            yield seen
        finally:
            sa.event.remove(*place)

    def there(self, table: str) -> list[ty.Any]:
        """Return the rows of a table of the service's."""
        found = _table(self.world.engine, table)
        left_out = (*_TIMES, *self.moving.get(table, ()))
        columns = [c for c in found.c if c.name not in left_out]
        with self.world.engine.connect() as connection:
            rows = connection.execute(sa.select(*columns)).all()
        return sorted(map(repr, rows))

    def rows(self, table: sa.Table = tables.TOKENS) -> list[ty.Any]:
        """Return the rows of a table of ours."""
        with self.world.engine.connect() as connection:
            query = sa.select(table).order_by(*table.primary_key)
            return list(connection.execute(query))

    def change(self, **values: ty.Any) -> None:
        """Change all tokens in the table, as time or another one would."""
        with self.world.engine.begin() as connection:
            connection.execute(sa.update(tables.TOKENS).values(values))

    def left_by_a_dead_worker(
        self, point: Point, send: ty.Callable[[], ty.Any]
    ) -> None:
        """Send a request whose worker dies, and let its lease run out."""

        def die(reached: Point) -> None:
            if reached is point:
                points.arm(None)
                raise Died

        points.arm(die)
        self.assertRaises(Died, send)
        self.change(lease_until=0)

    def state(self, answer: webob.Response) -> str | None:
        """Return what an answer tells of its token."""
        found: str | None = answer.headers.get("X-Client-Token-State")
        return found

    def fault(self, answer: webob.Response) -> str:
        """Return the message of an error of the service's form."""
        raise NotImplementedError


@functools.cache
def _table(engine: sa.Engine, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=engine)


def elsewhere(send: ty.Callable[[], ty.Any]) -> ty.Any:
    """Do something as another worker does, which knows no claim of ours."""
    return contextvars.Context().run(send)


def some(what: str) -> str:
    """Return a name that nothing has yet."""
    return f"{what}-{uuid.uuid4().hex[:12]}"


def shown(answer: webob.Response, lost: ty.Collection[str]) -> ty.Any:
    """Return what an answer shows, but for what a rebuilt one cannot."""
    return _without(answer.json, lost) if answer.body else None


def _without(value: ty.Any, lost: ty.Collection[str]) -> ty.Any:
    if isinstance(value, dict):
        return {k: _without(v, lost) for k, v in value.items()
                if k not in lost}  # fmt: skip
    if isinstance(value, list):
        # Services give most of their lists in the order of their database.
        return sorted((_without(one, lost) for one in value), key=repr)
    return value
