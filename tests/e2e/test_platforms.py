# SPDX-License-Identifier: Apache-2.0
"""The same control plane on other databases and under another server."""

from __future__ import annotations

from concurrent import futures
import contextlib
from pathlib import Path
import tempfile
import time
import typing as ty
import unittest

import requests
import sqlalchemy as sa

from embedded import database_server
from embedded import ports
from embedded.children import Children
from embedded.platform import Platform
from embedded.platform import UWSGI
from embedded.platform import WAITRESS
from embedded.services import NOVA
from openstack_idempotency.sql.tables import TOKENS
from region import pooler
from testing import databases
from testing.cloud import Cloud
from testing.cloud import SECONDS

# Whoever stores an answer waits, as long as another session has lock 1. Not
# for a moment only, as the store's own settings would have it.
_HOLD = """
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0
AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE UPDATE ON client_tokens FOR EACH ROW
WHEN (OLD.sealed IS NULL AND NEW.sealed IS NOT NULL) EXECUTE FUNCTION hold()
"""
_LET_GO = "DROP FUNCTION hold CASCADE"
_LOCK = "SELECT pg_advisory_lock(1)"
_WAITING = """
FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Holder:
    """Keeps a request from storing its answer.

    :param connection: past the pooler, with the lock
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def wait(self) -> None:
        """Wait until a request is there."""
        deadline = time.monotonic() + SECONDS
        while not self._ask("count(*)"):
            assert time.monotonic() < deadline, "nobody stores an answer"
            time.sleep(0.05)

    def end(self) -> None:
        """End its session, which does not notice that its client is gone."""
        self._ask("pg_terminate_backend(pid)")

    def _ask(self, what: str) -> ty.Any:
        return self._connection.scalar(sa.text(f"SELECT {what} {_WAITING}"))


@contextlib.contextmanager
def held(past: sa.URL) -> ty.Iterator[Holder]:
    """Let no request store its answer.

    :param past: Nova's API database, past the pooler
    """
    alone = database_server.engine(past).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    with alone.connect() as connection:
        connection.execute(sa.text(_LOCK))
        connection.execute(sa.text(_HOLD))
        try:
            yield Holder(connection)
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(1)"))
            connection.execute(sa.text(_LET_GO))


class OnServer(unittest.TestCase):
    """A boot on a network, on a database server that the gate has."""

    backend: str
    platform: Platform

    def setUp(self) -> None:
        missing = databases.missing(self.backend)
        if missing:
            self.skipTest(missing)
        self.cloud = Cloud(self.platform)
        self.addCleanup(self.cloud.close)

    def boot(self) -> None:
        """Boot a server, eight times at once, and look for its one port."""
        on_the_network = [{"uuid": self.cloud.network["id"]}]
        body = self.cloud.server("smoke", networks=on_the_network)
        with futures.ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: self.cloud.boot(body, "smoke"), range(8))
            )
        self.assertEqual({202}, {a.status_code for a in answers})
        self.assertEqual(1, len({a.content for a in answers}))
        (server,) = self.cloud.ids("smoke")
        self.cloud.wait_until_active(server)
        self.assertEqual(1, len(self.cloud.ports(server)))

    def leave(self) -> None:
        """Stop everything, and look that the server has no trace of it."""
        location = self.platform.location
        assert location is not None
        names = self.cloud.site.on_server.values()
        self.assertTrue(database_server.present(location, names))
        self.cloud.close()
        for name in names:
            self.assertFalse(database_server.present(location, [name]), name)


class MysqlAndUwsgiTest(OnServer):
    backend = "mysql"
    platform = Platform("mysql", UWSGI)

    def test_one_boot_and_nothing_left_behind(self) -> None:
        self.boot()
        self.leave()


class PgBouncerAndWaitressTest(OnServer):
    """PostgreSQL, which nobody reaches but through PgBouncer.

    In transaction mode, and with few connections: each transaction of Nova's
    and of ours may be on any of them.
    """

    backend = "postgresql"

    def setUp(self) -> None:
        missing = databases.missing(self.backend) or pooler.missing()
        if missing:
            self.skipTest(missing)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        children = Children()
        self.addCleanup(children.stop)
        (port,) = ports.free(1)
        self.past = database_server.named("postgresql")
        through = pooler.before(self.past, folder / "pooler", port, children)
        self.platform = Platform(through.render_as_string(), WAITRESS)
        super().setUp()

    def test_one_boot_a_recovery_and_nothing_left_behind(self) -> None:
        self.boot()
        self.recover()
        self.leave()

    def recover(self) -> None:
        """Kill Nova between a commit and its answer, and ask again."""
        name = self.cloud.site.on_server["nova_api"]
        past = self.past.set(database=name)
        body = self.cloud.server("killed")
        with futures.ThreadPoolExecutor(1) as pool, held(past) as holder:
            lost = pool.submit(self.cloud.boot, body, "killed")
            holder.wait()
            (server,) = self.cloud.ids("killed")
            # Whoever builds it is told in the memory that is killed with it.
            self.cloud.wait_until_active(server)
            self.cloud.stack.kill(NOVA)
            holder.end()
        with self.assertRaises(requests.ConnectionError):
            lost.result()
        # Nobody waits for the lease of who is gone.
        with database_server.engine(past).begin() as connection:
            over = sa.update(TOKENS).where(TOKENS.c.sealed.is_(None))
            connection.execute(over.values(lease_until=0))
        self.cloud.stack.serve(NOVA)
        answers = [self.cloud.boot(body, "killed") for _ in range(2)]
        states = [a.headers["X-Client-Token-State"] for a in answers]
        self.assertEqual(["rebuilt", "rebuilt"], states)
        for answer in answers:
            self.assertEqual(server, answer.json()["server"]["id"])
        self.assertEqual([server], self.cloud.ids("killed"))
