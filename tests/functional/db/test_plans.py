# SPDX-License-Identifier: Apache-2.0
"""No statement of ours reads a whole table, or sorts what it has read.

The statements are those that the store's own tests send; whoever adds one
need not list it here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import typing as ty
import unittest

import sqlalchemy as sa

from openstack_idempotency.fixture import fakes
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.protocol import digest as digest_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base
from tests.functional.db import errands

_ROWS = 100_000
_OURS = "openstack_idempotency/sql/"
_TABLES = "client_token"
_NUMBERS = {
    "mysql": (f"seq_1_to_{_ROWS}", "UNHEX(SHA2(seq, 256))"),
    "postgresql": (
        f"generate_series(1, {_ROWS}) AS seq",
        "sha256(seq::text::bytea)",
    ),
}
# It sorts the rows of secrets that are not listed: where all is well, none.
_SORTS_FEW = "GROUP BY client_tokens.key_id"
# What the server reads by a temporary table's rows is bounded by a batch.
_DERIVED = "<"


@dataclasses.dataclass(frozen=True)
class _Sent:
    """A statement, with the values of one time that it was sent."""

    text: str
    values: ty.Any


class _Collector:
    """Notes each statement of ours once, whatever engine it goes to."""

    def __init__(self) -> None:
        self.sent: dict[str, _Sent] = {}

    def note(
        self,
        connection: ty.Any,
        cursor: ty.Any,
        statement: str,
        parameters: ty.Any,
        *rest: ty.Any,
    ) -> None:
        text = statement.rpartition("; ")[2]
        words = text.split(None, 1)
        reads = words[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")
        if reads and _TABLES in text and _is_ours():
            self.sent.setdefault(text, _Sent(text, parameters))

    @contextlib.contextmanager
    def listening(self) -> ty.Iterator[None]:
        hook = sa.Engine, "before_cursor_execute", self.note
        sa.event.listen(*hook)
        try:
            yield
        finally:
            sa.event.remove(*hook)


def _is_ours() -> bool:
    """Tell whether the library asks, and not a test."""
    frame: ty.Any = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if _OURS in name:
            return "migration" not in name
        if "/tests/" in name:
            return False
        frame = frame.f_back
    return False


@base.on_each_server
class _Plans(base.StoreTestCase):
    def test_each_statement_finds_its_rows_by_an_index(self) -> None:
        sent = self._sent()
        self.assertGreater(len(sent), 40)
        self._empty()
        self._fill()
        self.assertEqual("", "\n".join(sorted({*self._faults(sent)})))

    def test_a_full_scan_would_be_seen(self) -> None:
        self._fill()
        for text in (
            "SELECT id FROM client_tokens WHERE request_id = 'r'",
            "SELECT id FROM client_tokens WHERE id < 9 ORDER BY request_id",
        ):
            self.assertNotEqual([], self._faults([_Sent(text, ())]), text)

    def _sent(self) -> list[_Sent]:
        """Return what the store's tests, and its errands, send."""
        collector = _Collector()
        with collector.listening():
            self._run_the_suite()
            for secrets in ((ONE,), (ONE, TWO)):
                for name in dir(errands.Errands):
                    if not name.startswith("_") and name != "answer":
                        self._empty()
                        mine = errands.Errands(self, self.store, secrets)
                        with contextlib.suppress(errors.Refusal):
                            getattr(mine, name)()()
        return [*collector.sent.values()]

    def _run_the_suite(self) -> None:
        loader, result = unittest.TestLoader(), unittest.TestResult()
        for module in ("test_store", "test_purge", "test_watching"):
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
        autocommit = self.database.engine.execution_options(
            isolation_level="AUTOCOMMIT"
        )
        with autocommit.connect() as connection:
            for table in (
                "client_tokens",
                "client_token_resources",
                "client_token_withdrawals",
            ):
                word = "TABLE " if self.backend == "mysql" else ""
                connection.exec_driver_sql(f"ANALYZE {word}{table}")

    def _faults(self, sent: ty.Iterable[_Sent]) -> list[str]:
        found = []
        with self.database.engine.connect() as connection:
            for one in sent:
                if self.backend == "mysql":
                    why = self._of_mysql(connection, one)
                else:
                    why = self._of_postgresql(connection, one)
                connection.rollback()
                found += [f"{what}: {one.text}" for what in why]
        return found

    def _of_mysql(
        self, connection: sa.Connection, one: _Sent
    ) -> ty.Iterator[str]:
        explain = connection.exec_driver_sql(
            f"EXPLAIN {one.text}", one.values or None
        )
        for row in explain.mappings():
            if row["select_type"] == "INSERT":
                continue
            if "filesort" in (row["Extra"] or ""):
                yield "sorts"
            table = row["table"] or _DERIVED
            if row["type"] in ("ALL", "index") and not table.startswith(
                _DERIVED
            ):
                yield f"scans {table} ({row['type']})"

    def _of_postgresql(
        self, connection: sa.Connection, one: _Sent
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
            name = node.get("Relation Name", "")
            if node["Node Type"] == "Seq Scan" and _TABLES in name:
                yield f"scans {name}"
