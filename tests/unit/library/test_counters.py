# SPDX-License-Identifier: Apache-2.0
"""What a process counts, and what it writes into its log."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import typing as ty

import fixtures
from oslo_log import formatters
import testtools

from openstack_idempotency.engine import counters
from openstack_idempotency.engine import points
from openstack_idempotency.engine.account import Account
from openstack_idempotency.engine.counters import Counters
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.engine.counters import Tally
from openstack_idempotency.engine.counting import Counting
from openstack_idempotency.engine.points import Point
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Verdict
from tests.unit.library import base

BOOT = "POST /servers"

# A process that ends in one of two ways, with something to write.
_ENDS = """
import os, sys
from openstack_idempotency.engine.periodic import Periodic
there = Periodic("t", lambda: print("written"), 3600, at_exit=True)
{}
"""


class Table:
    """The port of the same name.

    :param most: how many numbers it takes before it is out of reach
    """

    def __init__(self, most: int = 100) -> None:
        self.most = most
        self.taken: Tally = {}

    def add(self, tally: Tally) -> Tally:
        keys = sorted(tally)
        for key in keys[: self.most]:
            self.taken[key] = self.taken.get(key, 0) + tally[key]
        return {key: tally[key] for key in keys[self.most :]}


class CountersTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.counters = Counters()

    def test_what_is_taken_is_counted_once(self) -> None:
        self.counters.count(BOOT, Verdict.EXECUTED)
        self.counters.count(BOOT, Verdict.EXECUTED)
        self.counters.count(BOOT, Event.WITHDRAWN, 3)
        self.assertTrue(self.counters.waiting)
        self.assertEqual(
            {(BOOT, "executed"): 2, (BOOT, "withdrawn"): 3},
            self.counters.take(),
        )
        self.assertFalse(self.counters.waiting)
        self.assertEqual({}, self.counters.take())

    def test_what_no_request_did_is_written_without_one(self) -> None:
        before = {*threading.enumerate()}
        counting = Counting(self.counters, Table())
        counting.count("", Event.PURGED, 3)
        (thread,) = {*threading.enumerate()} - before
        self.assertEqual("client-token-counters", thread.name)
        self.assertEqual({("", "purged"): 3}, self.counters.take())

    def test_what_cannot_be_written_is_kept(self) -> None:
        table = Table(most=1)
        counting = Counting(self.counters, table)
        self.counters.count(BOOT, Verdict.EXECUTED)
        self.counters.count(BOOT, Verdict.RUNNING)
        counting.write()
        self.counters.count(BOOT, Verdict.RUNNING)
        counting.write()
        counting.write()
        self.assertEqual(
            {(BOOT, "executed"): 1, (BOOT, "running"): 2}, table.taken
        )

    def test_whatever_fails_it_is_kept(self) -> None:
        class Broken:
            def add(self, tally: Tally) -> Tally:
                raise RuntimeError

        self.counters.count(BOOT, Verdict.EXECUTED)
        self.assertRaises(
            RuntimeError, Counting(self.counters, Broken()).write
        )
        self.assertTrue(self.counters.waiting)

    def test_no_event_has_the_name_of_a_state(self) -> None:
        names = [one.value for one in (*Verdict, *Event)]
        self.assertEqual(len(set(names)), len(names))

    def test_what_is_made_of_them(self) -> None:
        tally = {one.value: 1 for one in Verdict}
        self.assertEqual(3, counters.prevented(tally))
        self.assertEqual(6, counters.refused(tally))
        self.assertEqual(0, counters.prevented({"executed": 7}))


class EndTest(testtools.TestCase):
    """The numbers of a process are written when it ends by itself."""

    def said(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _ENDS.format(code)],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )
        self.assertNotIn("Traceback", done.stderr)
        return done.stdout

    def test_at_exit(self) -> None:
        self.assertEqual("written\n", self.said("there.ensure()"))
        self.assertEqual("written\n", self.said("there.ensure(); sys.exit(3)"))

    def test_not_where_it_never_ran(self) -> None:
        self.assertEqual("", self.said(""))
        fork = (
            "there.ensure(); os.fork() or sys.exit(); os.wait(); os._exit(0)"
        )
        self.assertEqual("", self.said(f"there.ensure(); {fork}"))


class AccountTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.counters = Counters()
        self.records: list[logging.LogRecord] = []
        handler = logging.Handler()
        handler.emit = self.records.append  # type: ignore[method-assign, assignment]
        log = logging.getLogger("openstack_idempotency.engine.account")
        log.addHandler(handler)
        self.addCleanup(log.removeHandler, handler)
        self.useFixture(fixtures.FakeLogger(level=logging.INFO))

    def test_one_line_with_all_fields(self) -> None:
        Account(BOOT, "req-2", 2).note(
            self.counters, Verdict.REPLAYED, 202, "req-1"
        )
        Account(BOOT, "req-3").note(self.counters, Verdict.EXECUTED, 202, None)
        replayed, executed = self.records
        self.assertRegex(
            replayed.getMessage(),
            "^Client token: state=replayed operation='POST /servers' "
            "status=202 attempt=2 request_id=req-2 first_request_id=req-1 "
            r"milliseconds=\d+$",
        )
        self.assertIn("attempt=- ", executed.getMessage())
        self.assertIn("first_request_id=- ", executed.getMessage())
        self.assertEqual(
            {
                (BOOT, "replayed"): 1,
                (BOOT, "retried"): 1,
                (BOOT, "executed"): 1,
            },
            self.counters.take(),
        )

    def test_a_program_reads_the_fields_apart(self) -> None:
        Account(BOOT, "req-2", 2).note(
            self.counters, Verdict.REPLAYED, 202, "req-1"
        )
        (record,) = self.records
        line = json.loads(formatters.JSONFormatter().format(record))
        told: dict[str, ty.Any] = line["extra"]["client_token"]
        self.assertIsInstance(told.pop("milliseconds"), int)
        self.assertEqual(
            {
                "state": "replayed",
                "operation": BOOT,
                "status": 202,
                "attempt": 2,
                "request_id": "req-2",
                "first_request_id": "req-1",
            },
            told,
        )


class EngineTest(base.EngineTestCase):
    """What the engine counts itself."""

    def counted(self) -> dict[str, int]:
        return {
            state: number
            for (_, state), number in self.engine.parts.counters.take().items()
        }

    def test_who_waits(self) -> None:
        work = fakes.Work(lambda: base.ACCEPTED)

        def retry(point: Point) -> None:
            if point is Point.BEFORE_METHOD:
                points.arm(None)
                self.assertRaises(errors.Running, self.send, work)

        points.arm(retry)
        self.send(work)
        self.assertEqual({"waited": 1}, self.counted())
        self.send(work)
        self.assertEqual({}, self.counted())

    def test_a_token_that_is_taken_over(self) -> None:
        def dies() -> ty.NoReturn:
            raise base.Died

        self.store.abandon = lambda claim: True  # type: ignore[method-assign]
        work = fakes.Work(dies, link="server")
        self.assertRaises(base.Died, self.send, work)
        self.clock.forward(base.LEASE + 1)
        self.send(fakes.Work(lambda: base.ACCEPTED, link="server"))
        self.assertEqual({"took-over": 1}, self.counted())

    def test_one_that_was_freed_is_not(self) -> None:
        self.send(fakes.Work(lambda: base.REFUSED, link="server"))
        self.send(fakes.Work(lambda: base.ACCEPTED, link="server"))
        self.assertEqual({}, self.counted())
