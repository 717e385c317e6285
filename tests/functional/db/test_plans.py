# SPDX-License-Identifier: Apache-2.0
"""No statement of ours reads a whole table, or sorts what it has read.

The statements are those that the store's own tests send; whoever adds one
need not list it here.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import os
import pathlib
import sys
import typing as ty
import unittest

import sqlalchemy as sa

from openstack_idempotency import sql
from openstack_idempotency.fixture import fakes
from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.protocol import digest as digest_of
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import binding
from openstack_idempotency.sql.tables import METADATA
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base
from tests.functional.db import errands

_ROWS = 100_000
_OURS = "openstack_idempotency/sql"
# What makes the tables, finds out what the server can do, and connects; and
# what asks for rows of the service, by their primary keys.
_OTHERS = (
    "migration.py",
    "capability.py",
    "connections.py",
    "surviving.py",
    "statements.py",
)
_SERVERS = ("sqlite", "mysql", "postgresql")
# How the library sends a statement.
_SENDS = ("_read", "execute", "scalars")
_Place = tuple[str, int]
_TABLES = "client_token"
# The tests of the store, of whose steps each sends all that it can.
_SUITES = (
    "test_store",
    "test_purge",
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


@dataclasses.dataclass(frozen=True)
class _Sent:
    """A statement, with the values of one time that it was sent."""

    text: str
    values: ty.Any


class _Collector:
    """Notes each statement of ours once, whatever engine it goes to."""

    def __init__(self) -> None:
        self.sent: dict[str, _Sent] = {}
        self.places: set[_Place] = set()

    def note(
        self,
        connection: ty.Any,
        cursor: ty.Any,
        statement: str,
        parameters: ty.Any,
        *rest: ty.Any,
    ) -> None:
        text = statement.rpartition("; ")[2]
        places = _places_of_the_library()
        self.places.update(places)
        words = text.split(None, 1)
        reads = words[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")
        if reads and _TABLES in text and places:
            self.sent.setdefault(text, _Sent(text, parameters))

    @contextlib.contextmanager
    def listening(self) -> ty.Iterator[None]:
        hook = sa.Engine, "before_cursor_execute", self.note
        sa.event.listen(*hook)
        try:
            yield
        finally:
            sa.event.remove(*hook)


def _places_of_the_library() -> list[_Place]:
    """Return where the library asks, if it does, and not a test."""
    frame: ty.Any = sys._getframe(2)
    places = []
    while frame is not None:
        folder, name = os.path.split(frame.f_code.co_filename)
        if folder.endswith(_OURS) and name not in _OTHERS:
            places.append((name, frame.f_lineno))
        elif name in _OTHERS or "/tests/" in folder:
            break
        frame = frame.f_back
    return places


def _unused(places: ty.Collection[_Place], backend: str) -> list[str]:
    """Return the places that send a statement to a server, and have not."""
    unused = []
    for path in pathlib.Path(sql.__file__).parent.glob("*.py"):
        if path.name in _OTHERS:
            continue
        lines = {line for name, line in places if name == path.name}
        for node in _sending(ast.parse(path.read_text()), backend):
            if lines.isdisjoint(range(node.lineno, node.end_lineno + 1)):
                unused.append(f"{path.name}:{node.lineno}")
    return unused


def _sending(node: ast.AST, backend: str) -> ty.Iterator[ty.Any]:
    is_call = isinstance(node, ast.Call)
    if is_call and getattr(node.func, "attr", "") in _SENDS:  # type: ignore[attr-defined]
        yield node
    for child in ast.iter_child_nodes(node):
        servers = _servers(child)
        if not servers or backend in servers:
            yield from _sending(child, backend)
        if backend in servers:
            return  # what comes then is for the other servers


def _servers(node: ast.AST) -> set[str]:
    """Return for which servers a branch is that ends its function."""
    if not isinstance(node, ast.If) or not isinstance(
        node.body[-1], ast.Return
    ):
        return set()
    return {one for one in _SERVERS if f"== '{one}'" in ast.unparse(node.test)}


@base.on_each_server
class _Plans(base.StoreTestCase):
    def test_each_statement_finds_its_rows_by_an_index(self) -> None:
        collected = self._collected()
        self.assertEqual([], _unused(collected.places, self.backend))
        sent = collected.sent.values()
        self._empty()
        self._analyze()
        self.assertEqual("", self._faults(sent, few=True))
        self._fill()
        self.assertEqual("", self._faults(sent))

    def test_a_full_scan_would_be_seen(self) -> None:
        self._fill()
        for text in (
            "SELECT id FROM client_tokens WHERE request_id = 'r'",
            "SELECT id FROM client_tokens WHERE id < 9 ORDER BY request_id",
        ):
            self.assertNotEqual("", self._faults([_Sent(text, ())]), text)

    def _collected(self) -> _Collector:
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
            self._ask_for_a_binding()
        return collector

    def _ask_for_a_binding(self) -> None:
        """Do what is done for what a service changes without its ORM."""
        self._empty()
        claim = self.hold().claim
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

    def _faults(self, sent: ty.Iterable[_Sent], few: bool = False) -> str:
        """Return which statements scan or sort, in a line for each.

        :param few: there are no rows: PostgreSQL reads a table of a page or
            two rather than an index, if it may
        """
        found = set()
        plan = self._of_mysql if self.backend == "mysql" else self._of_psql
        with self.database.engine.connect() as connection:
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
        self, connection: sa.Connection, one: _Sent
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
            name = node.get("Relation Name", _WHOLE)
            ours = _TABLES in name and name != _WHOLE
            if node["Node Type"] == "Seq Scan" and ours:
                yield f"scans {name}"
