# SPDX-License-Identifier: Apache-2.0
"""One service's host under uWSGI, on a database server of its own."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
import tempfile
import typing as ty
import unittest

import ddt

from chaos import daemon
from chaos import ground
from chaos.databases import Database
from chaos.history import History
from chaos.services import site
from chaos.services.grants import Grants
from chaos.services.host import Host
from chaos.services.ledger import Ledger
from chaos.services.row import Row
from chaos.services.rows import ROWS
from openstack_idempotency.engine.points import Point
from testing.databases import REQUIRED
from tests.faults.bystanders import Asked
from tests.faults.bystanders import Bystanders
from tests.faults.scenes import Scene
from tests.faults.stories import Stories

_HOST = "troubled0"
# Seconds: a Neutron on a busy machine needs some. Whoever waits for a worker
# that stands still waits until all have asked.
_BOUND = 30.0
# Their tests, by what is done to the worker.
_TROUBLES = {
    "test_killed": "kill",
    "test_frozen_past_the_lease": "freeze",
    "test_cut_off_from_the_database": "cut",
}


class TestCase(Stories):
    """Its processes are told apart by their ports."""

    # A process's first request takes Neutron a multiple of the others.
    leeway = 60.0
    row: ty.ClassVar[Row]
    host: ty.ClassVar[Host]
    url: ty.ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        missing = ground.missing(cls.backend)
        if missing and not os.environ.get(REQUIRED):
            raise unittest.SkipTest(missing)
        cls.usual = cls.row.creates
        with contextlib.ExitStack() as stack:
            folder = tempfile.TemporaryDirectory(prefix="nova-faults-")
            path = Path(stack.enter_context(folder))
            mine = stack.enter_context(ground.started(cls.backend, Database))
            cls.url = mine.urls.api
            cls.history = History(path / "history")
            cls.ledger = Ledger(cls.row, mine.urls)
            home = {_HOST: mine.troubled[_HOST]}
            (cls.host,) = stack.enter_context(
                site.hosts(
                    cls.row, path, mine.urls, home, history=cls.history
                )
            )
            # By the port of all processes: it is answered by those that go on.
            cls.grants = Grants(cls.row, cls.host.port)
            cls.workers = []
            cls.addClassCleanup(stack.pop_all().close)

    def bystanders(self) -> Bystanders:
        """Return those who must notice nothing."""
        return Bystanders(
            self.second,
            self.third,
            self.url,
            begins=self.caller(self.row.creates),
            lasts=self.caller(self.row.creates),
            asked=[*self._asked()],
            bound=_BOUND,
        )

    def _asked(self) -> ty.Iterator[Asked]:
        """Yield requests to whichever process answers."""
        port = self.host.port
        for operation in (*self.row.bystanding, self.row.refused):
            what = f"{operation.kind} ({operation.refusal or 'made'})"
            for with_, tokened in (("a new", True), ("no", False)):
                mine = self.caller(operation, tokened=tokened)
                what_ = f"{what} with {with_} token"
                yield Asked(what_, mine, port, bound=_BOUND)
        for operation in self.row.bystanding:
            mine = self.caller(operation, tokened=False)
            what = f"GET of a {operation.kind}"
            yield Asked(what, mine, port, reads=True, bound=_BOUND)


def _scenes(row: Row) -> ty.Iterator[Scene]:
    for operation in (row.creates, row.changes):
        for point in (
            Point.AFTER_CLAIM,
            Point.BEFORE_LINK,
            Point.BEFORE_COMMIT,
            Point.AFTER_COMMIT,
            Point.COMPLETING,
            Point.AFTER_SETTLE,
        ):
            yield Scene(point, operation)
        # The retry, with nothing made and with something.
        yield Scene(Point.RERUNNING, operation, left=Point.AFTER_CLAIM)
        yield Scene(Point.RECOVERING, operation, left=Point.AFTER_COMMIT)


def scenes(row: Row) -> dict[str, Scene]:
    """Return the scenes of a service, by what their tests are called.

    :param row: what is known of the service
    """
    return {
        f"{scene.operation.kind} {scene.name}": scene for scene in _scenes(row)
    }


def on_each_database(service: str) -> dict[str, type[TestCase]]:
    """Return a class of tests for each kind of database.

    :param service: the service's name
    """
    told = scenes(ROWS[service])

    def story(trouble: str) -> ty.Callable[[TestCase, str], None]:
        @ddt.data(*told)
        def test(self: TestCase, name: str) -> None:
            self.enter(told[name])
            getattr(self, trouble)(told[name].point)
            self.assert_sound()

        return test

    made = {}
    for backend in daemon.KINDS:
        name = f"{service.capitalize()}On{backend.capitalize()}"
        fields = {
            "backend": backend,
            "row": ROWS[service],
            "__module__": f"{__package__}.test_{service}",
            **{name: story(trouble) for name, trouble in _TROUBLES.items()},
        }
        made[name] = ddt.ddt(type(name, (TestCase,), fields))
    return made
