# SPDX-License-Identifier: Apache-2.0
"""No statement of ours reads a whole table, or sorts what it has read.

The statements are those that the store's own tests send; whoever adds one
need not list it here.
"""

from __future__ import annotations

import contextlib
import json
import sys
import typing as ty
import unittest

import sqlalchemy as sa

from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.protocol import digest as digest_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import binding
from openstack_idempotency.sql.entry import Wanted
from openstack_idempotency.sql.tables import METADATA
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base
from tests.functional.db import errands
from tests.functional.db.collecting import Collector
from tests.functional.db.collecting import Sent
from tests.functional.db.collecting import TABLES
from tests.functional.db.collecting import unused

_ROWS = 100_000
# The default of [idempotency] purge_batch.
_BATCH = 1000
# The tests of the store, of whose steps each sends all that it can.
_SUITES = (
    "test_store",
    "test_purge",
    "test_walk",
    "test_watching",
    "test_looking",
    "test_catalogue",
    "test_counters",
    "test_max_tokens",
    "test_withdrawals",
)
_NUMBERS = {
    "mysql": (f"seq_1_to_{_ROWS}", "UNHEX(SHA2(seq, 256))"),
    "postgresql": (
        f"generate_series(1, {_ROWS}) AS seq",
        "sha256(seq::text::bytea)",
    ),
}
# It sorts the rows of secrets that are not listed: where all is well, none.
_SORTS_FEW = "GROUP BY client_tokens.key_id"
# As many rows as hosts, routes and states: all of them are wanted.
_WHOLE = "client_token_counters"
# What the server reads by a temporary table's rows is bounded by a batch.
_DERIVED = "<"


@base.on_each_server
class _Plans(base.StoreTestCase):
    def test_each_statement_finds_its_rows_by_an_index(self) -> None:
        collected = self._collected()
        self.assertEqual([], unused(collected.places, self.backend))
        sent = collected.sent.values()
        self._empty()
        self._analyze()
        self.assertEqual("", self._faults(sent, few=True))
        self._fill()
        self.assertEqual("", self._faults(sent))

    def test_nor_does_one_of_a_whole_batch(self) -> None:
        """Servers have other plans for lists of hundreds of values."""
        self._fill()
        self.clock.forward(5 * contract.TTL / 1000)
        collector = Collector()
        with collector.listening():
            self.assertEqual(_BATCH, self.store.purge(_BATCH).done)
            self.store.walk((base.THING,), 0, _BATCH)
            self.store.entries(Wanted(), _BATCH)
        sent = collector.sent.values()
        lists = [one for one in sent if len(one.values) >= _BATCH]
        self.assertLess(5, len(lists))
        self.assertEqual("", self._faults(lists, few=True))

    def test_a_full_scan_would_be_seen(self) -> None:
        self._fill()
        for text in (
            "SELECT id FROM client_tokens WHERE request_id = 'r'",
            "SELECT id FROM client_tokens WHERE id < 9 ORDER BY request_id",
        ):
            self.assertNotEqual("", self._faults([Sent(text, ())]), text)

    def _collected(self) -> Collector:
        """Return what the store's tests, and its errands, send."""
        collector = Collector()
        with collector.listening():
            self._run_the_suite()
            for secrets in ((ONE,), (ONE, TWO)):
                for name in dir(errands.Errands):
                    if not name.startswith("_") and name != "answer":
                        self._empty()
                        mine = errands.Errands(self, self.store, secrets)
                        with contextlib.suppress(errors.Refusal):
                            getattr(mine, name)()()
            self._ask_for_a_binding()
        return collector

    def _ask_for_a_binding(self) -> None:
        """Do what is done for what a service changes without its ORM."""
        self._empty()
        claim = self.hold().claim
        claim.most = 1
        made = self.make(claim)
        with self.database.engine.connect() as connection:
            self.assertTrue(binding.bound(connection, claim, made))

    def _run_the_suite(self) -> None:
        loader, result = unittest.TestLoader(), unittest.TestResult()
        for module in _SUITES:
            name = f"tests.functional.db.{module}"
            __import__(name)
            for value in vars(sys.modules[name]).values():
                if (
                    isinstance(value, type)
                    and getattr(value, "backend", None) == self.backend
                    and value.__name__.endswith("Test")
                ):
                    loader.loadTestsFromTestCase(value).run(result)
        self.assertEqual([], [*result.failures, *result.errors])

    def _fill(self) -> None:
        """Put many rows there, and let the server count them."""
        held = self.hold(token="one of many")
        self.make(held.claim)
        self.store.complete(held.claim, self.outcome())
        source, digest = _NUMBERS[self.backend]
        spread = {
            "token_digest": digest,
            "expires_at": "expires_at + 3600000 + seq",
            # Over a day, as they come, before the tests' time begins: few
            # are young.
            "created_at": f"{fakes.EPOCH} - ({_ROWS} - seq) * 1000",
            # Of a secret that each query for others lists.
            "key_id": f"'{digest_of.key_id(TWO)}'",
            "user_id": "CONCAT('u', MOD(seq, 1000))",
            "lasting": "MOD(seq, 2) = 0",
        }
        names = [c.name for c in TOKENS.c if c.name != "id"]
        copies = sa.select(
            *[
                sa.literal_column(spread[n]) if n in spread else TOKENS.c[n]
                for n in names
            ]
        ).select_from(TOKENS, sa.text(source))
        with self.database.engine.begin() as connection:
            connection.execute(sa.insert(TOKENS).from_select(names, copies))
            for table, rest in (
                ("client_token_resources", "'thing', id, id"),
                ("client_token_withdrawals", "'thing', id, '', TRUE, 1"),
            ):
                columns = (
                    "kind, resource_id, row_key"
                    if "resources" in table
                    else "kind, resource_id, todo, undone, created_at"
                )
                connection.exec_driver_sql(
                    f"INSERT INTO {table} (token_id, {columns}) "
                    f"SELECT id, {rest} FROM client_tokens"
                )
        self._analyze()

    def _analyze(self) -> None:
        """Let the server count what is there."""
        autocommit = self.database.engine.execution_options(
            isolation_level="AUTOCOMMIT"
        )
        word = "TABLE " if self.backend == "mysql" else ""
        with autocommit.connect() as connection:
            for table in METADATA.tables:
                connection.exec_driver_sql(f"ANALYZE {word}{table}")

    def _faults(self, sent: ty.Iterable[Sent], few: bool = False) -> str:
        """Return which statements scan or sort, in a line for each.

        :param few: the tables have few rows, for what is asked: PostgreSQL
            reads all of a small table rather than an index, if it may
        """
        found = set()
        plan = self._of_mysql if self.backend == "mysql" else self._of_psql
        # As the store has set them up.
        with self.store.connections.engine().connect() as connection:
            if few and self.backend == "postgresql":
                for way in ("seqscan", "sort"):
                    connection.exec_driver_sql(f"SET enable_{way} = off")
                connection.commit()
            for one in sent:
                found |= {
                    f"{why}: {one.text}" for why in plan(connection, one)
                }
                connection.rollback()
            connection.invalidate()
        return "\n".join(sorted(found))

    def _of_mysql(
        self, connection: sa.Connection, one: Sent
    ) -> ty.Iterator[str]:
        explain = connection.exec_driver_sql(
            f"EXPLAIN {one.text}", one.values or None
        )
        for row in explain.mappings():
            if row["select_type"] == "INSERT":
                continue
            sorts = "filesort" in (row["Extra"] or "")
            if sorts and _SORTS_FEW not in one.text:
                yield "sorts"
            table = row["table"] or _DERIVED
            read = table.startswith(_DERIVED) or table == _WHOLE
            if row["type"] in ("ALL", "index") and not read:
                yield f"scans {table} ({row['type']})"

    def _of_psql(
        self, connection: sa.Connection, one: Sent
    ) -> ty.Iterator[str]:
        explain = connection.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON) {one.text}", one.values or None
        ).scalar_one()
        told = json.loads(explain) if isinstance(explain, str) else explain
        nodes = [told[0]["Plan"]]
        while nodes:
            node = nodes.pop()
            nodes += node.get("Plans", ())
            sorts = node["Node Type"] in ("Sort", "Incremental Sort")
            if sorts and _SORTS_FEW not in one.text:
                yield "sorts"
            name = node.get("Relation Name", _WHOLE)
            ours = TABLES in name and name != _WHOLE
            if node["Node Type"] == "Seq Scan" and ours:
                yield f"scans {name}"
