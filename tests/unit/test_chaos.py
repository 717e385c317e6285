# SPDX-License-Identifier: Apache-2.0
"""The campaign's tools that need no service."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import random
import socket
import tempfile
import threading
import unittest

import sqlalchemy as sa

from chaos import commits
from chaos import operations
from chaos.campaign import Campaign
from chaos.client import Client
from chaos.databases import Databases
from chaos.fleet import Fleet
from chaos.history import History
from chaos.hosts import Worker
from chaos.relay import Relay
from chaos.sabotage import Commit
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from chaos.subject import Site
from chaos.subjects import NOVA
from chaos.weather import Weather
from embedded import ports
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql import tables


class OrderTestCase(unittest.TestCase):
    def test_it_is_read_as_it_is_written(self):
        for trouble in Trouble:
            for point in (*Point, Commit(1), Commit(12)):
                order = Order(trouble, point)
                self.assertEqual(order, Order.parse(str(order)))


class OperationTestCase(unittest.TestCase):
    def test_all_kinds_are_asked_for(self):
        chance = random.Random(0)
        asked = [NOVA.any_of_them(chance) for _ in range(500)]
        self.assertEqual(
            {400, 403, None}, {operation.refusal for operation in asked}
        )
        self.assertEqual({1, 2, 3}, {operation.count for operation in asked})

    def test_a_grouped_one_names_the_callers_own_group(self):
        callers = (f"{1:032x}", f"{2:032x}")
        hints = [
            operations.GROUPED.asked_by(Client(caller))["os:scheduler_hints"]
            for caller in callers
        ]
        self.assertNotEqual(*hints)


class DatabasesTestCase(unittest.TestCase):
    def test_another_user_sees_the_same(self):
        urls = Databases(*(f"mysql://root@h:1/{name}" for name in "abc"))
        self.assertEqual("mysql://bob@h:1/b", urls.of("bob").cell0)


class RelayTestCase(unittest.TestCase):
    def setUp(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def echo():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.sendall(connection.recv(10))

        threading.Thread(target=echo, daemon=True).start()
        self.relay = Relay(*server.getsockname())
        self.addCleanup(self.relay.cut)

    def connect(self):
        address = ("127.0.0.1", self.relay.port)
        connection = socket.create_connection(address, timeout=10)
        self.addCleanup(connection.close)
        return connection

    def assert_passes(self):
        connection = self.connect()
        connection.sendall(b"hello")
        self.assertEqual(b"hello", connection.recv(10))

    def test_it_passes_on(self):
        self.assert_passes()

    def test_what_is_open_breaks_when_it_is_cut(self):
        connection = self.connect()
        connection.sendall(b"hello")
        self.assertEqual(b"hello", connection.recv(10))
        self.relay.cut()
        with contextlib.suppress(ConnectionError):
            self.assertEqual(b"", connection.recv(10))

    def test_nobody_can_connect_until_it_is_mended(self):
        self.relay.cut()
        self.assertRaises(OSError, self.connect)
        self.relay.mend()
        self.assert_passes()


class CommitsTestCase(unittest.TestCase):
    def setUp(self):
        self.engine = sa.create_engine("sqlite://")
        tables.METADATA.create_all(self.engine)
        self.other = sa.Table(
            "other", sa.MetaData(), sa.Column("id", sa.Integer)
        )
        self.other.create(self.engine)
        self.ended = 0
        self.addCleanup(commits.watch(self.count))

    def count(self):
        self.ended += 1

    def test_a_transaction_that_writes_our_tables(self):
        tokens = tables.TOKENS
        with self.engine.begin() as connection:
            connection.execute(sa.delete(tokens))
            self.assertEqual(0, self.ended)
        self.assertEqual(1, self.ended)

    def test_one_that_statements_begin_and_end(self):
        with self.engine.connect() as connection:
            for statement, ended in (
                ("BEGIN", 0),
                (sa.delete(tables.TOKENS), 0),
                ("COMMIT", 1),
                ("BEGIN", 1),
                (sa.delete(tables.TOKENS), 1),
                ("ROLLBACK", 1),
            ):
                if isinstance(statement, str):
                    connection.exec_driver_sql(statement)
                else:
                    connection.execute(statement)
                self.assertEqual(ended, self.ended)

    def test_one_whose_connection_breaks(self):
        with self.engine.connect() as connection:
            connection.execute(sa.delete(tables.TOKENS))
            connection.invalidate()
        self.assertEqual(0, self.ended)

    def test_all_others(self):
        tokens = tables.TOKENS
        with self.engine.begin() as connection:
            connection.execute(sa.select(tokens.c.id))
            connection.execute(sa.insert(self.other).values(id=1))
        with self.engine.connect() as connection:
            connection.execute(sa.delete(tokens))
            connection.rollback()
            connection.execute(sa.select(tokens.c.id))
            connection.commit()
        self.assertEqual(0, self.ended)


class Flaky:
    """A service that needs one look to be back."""

    def __init__(self, told):
        self.told = told
        self.back = False

    def fail(self):
        self.told.append("fail")
        self.back = False

    def recover(self):
        self.told.append("recover")

    def answers(self):
        back, self.back = self.back, True
        return back


class WeatherTestCase(unittest.TestCase):
    def test_one_after_the_other_fails_and_recovers(self):
        now = [0.0]
        told: list[str] = []
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        history = History(pathlib.Path(folder.name) / "history")
        services = {name: Flaky(told) for name in ("broker", "database")}
        weather = Weather(services, history, lambda: now[0])
        chance = random.Random(0)
        for tick in range(600):
            now[0] = tick / 10
            weather.change(chance, peace=False)
        for _ in range(3):
            weather.change(chance, peace=True)
        noted = [(one["event"], one["of"]) for one in history.events()]
        expected = []
        for of in ("broker", "database") * (len(noted) // 4):
            expected += [("down", of), ("up", of)]
        self.assertEqual(expected, noted[: len(expected)])
        self.assertGreaterEqual(len(expected), 4)
        self.assertEqual("up", noted[-1][0])
        self.assertEqual(["fail", "recover"], told[:2])
        self.assertEqual(told.count("fail"), told.count("recover"))


class Gone:
    """A host whose master is gone, so that nobody hears of its workers."""

    def __init__(self, port):
        self.port = port

    def fork(self):
        return Worker(self, 1, self.port)

    def state(self, pid):
        raise RuntimeError("the host has ended")

    def signal(self, pid, number):
        self.state(pid)


class Generous:
    """Lets everybody have what they need."""

    def give(self, client):
        return client


class EndTestCase(unittest.TestCase):
    def test_it_ends_when_nobody_tends_to_the_workers(self):
        host = Gone(*ports.free(1))
        there = Site(
            ledgers=[],
            grants=Generous(),
            fleet=Fleet([host]),
            victims=[],
            quiet=[host.fork()],
            services={},
        )
        subject = dataclasses.replace(
            NOVA, started=lambda *_: contextlib.nullcontext(there)
        )
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            # An hour, but for the end of the host.
            campaign = Campaign(path, 3600, 0, subject=subject)
            with self.assertRaisesRegex(RuntimeError, "host has ended"):
                campaign.run()
