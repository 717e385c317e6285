# SPDX-License-Identifier: Apache-2.0
"""Does the table's size matter? The steps of the store, at several sizes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import secrets
import typing as ty
import uuid

import sqlalchemy as sa

from benchmarks import service
from benchmarks import timing
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.block import Side
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.ratio import Mark
from chaos import databases
from embedded import database_server
from openstack_idempotency.sql.tables import TOKENS

_MARK = Mark(1.15)
_SIZES = (10_000, 1_000_000)
_QUICK_SIZES = (1_000, 20_000)
# Rows of one statement: more would fill the server's log of changes.
_BATCH = 100_000

# Random digests, in the order in which tokens come: by the primary key. Each
# has a sealed answer of the size that a server's has.
_FILL = {
    "mysql": (
        "SELECT UNHEX(SHA2(seq, 256)), {columns}"
        " FROM seq_{first}_to_{last}"
    ),
    "postgresql": (
        "SELECT sha256(seq::text::bytea), {columns}"
        " FROM generate_series({first}, {last}) AS seq"
    ),
}
_SEALED = {
    "mysql": "REPEAT('s', 700)",
    "postgresql": "repeat('s', 700)::bytea",
}
_BYTES = {"mysql": "'{0}'", "postgresql": "'{0}'::bytea"}
_FILE = {
    "mysql": (
        "SELECT data_length + index_length FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = :name"
    ),
    "postgresql": "SELECT pg_total_relation_size(CAST(:name AS regclass))",
}


@dataclasses.dataclass(frozen=True)
class _Table:
    """A table of tokens, and a service that uses it.

    :param backend: the kind of its database
    :param rows: how many it has before anything is measured
    :param bytes_a_row: what a row takes on disk, indexes among it
    :param service: the service
    """

    backend: str
    rows: int
    bytes_a_row: float
    service: service.Service


def sizes(plan: Plan) -> tuple[int, ...]:
    """Return the sizes of tables, the smallest first; ROWS names another.

    :param plan: how long to measure
    :raises ValueError: ROWS is no number
    """
    more = os.environ.get("ROWS")
    if more:
        return (_SIZES[0], int(more))
    return _QUICK_SIZES if plan.quick else _SIZES


def run(plan: Plan) -> ty.Iterator[Comparison]:
    """Yield what was found, for each database.

    :param plan: how long to measure
    """
    small, *larger = sizes(plan)
    for backend in plan.backends:
        with _filled(backend, small) as base:
            for rows in larger:
                with _filled(backend, rows) as ours:
                    yield from _compared(plan, ours, base)


def _compared(
    plan: Plan, ours: _Table, base: _Table
) -> ty.Iterator[Comparison]:
    for name, side in (("first use", _first), ("replay", _replay)):
        title = f"growth, {name}, {ours.rows:,} rows, {ours.backend}"
        pairs = plan.pairs(
            title,
            side(ours.service, plan.operations),
            side(base.service, plan.operations),
        )
        yield Comparison(
            title,
            f"{name} of a token of a small service, {ours.rows:,} rows",
            f"the same, {base.rows:,} rows",
            (Measure.P50, Measure.P95, Measure.CPU),
            pairs,
            {Measure.P50: _MARK},
            {"bytes a row, with an answer and indexes": ours.bytes_a_row},
        )


def _first(ours: service.Service, count: int) -> Side:
    def run(at: int) -> Block:
        tokens = [secrets.token_hex() for _ in range(count)]
        return _block(ours, tokens, at)

    return run


def _replay(ours: service.Service, count: int) -> Side:
    # Many more tokens than a block has, so that each is a look at a page that
    # was not just read.
    tokens = [secrets.token_hex() for _ in range(4 * count)]
    for token in tokens:
        ours.answer(token)

    def run(at: int) -> Block:
        return _block(ours, secrets.SystemRandom().sample(tokens, count), at)

    return run


def _block(ours: service.Service, tokens: list[str], at: int) -> Block:
    calls = [functools.partial(ours.answer, token) for token in tokens]
    return timing.block(calls, at)


@contextlib.contextmanager
def _filled(backend: str, rows: int) -> ty.Iterator[_Table]:
    with databases.created(backend) as urls:
        engine = database_server.engine(urls.api)
        service.create(engine)
        for first in range(1, rows + 1, _BATCH):
            _fill(engine, first, min(first + _BATCH - 1, rows))
        if backend == "mysql":
            analyze = f"ANALYZE TABLE {TOKENS.name}"
        else:
            analyze = f"ANALYZE {TOKENS.name}"
        with engine.connect() as connection:
            connection.exec_driver_sql(analyze)
            query = sa.text(_FILE[backend])
            size = connection.scalar(query, {"name": TOKENS.name})
        opened = service.Service(sa.make_url(urls.api))
        with contextlib.closing(opened) as ours:
            yield _Table(backend, rows, float(size or 0) / rows, ours)


def _fill(engine: sa.Engine, first: int, last: int) -> None:
    backend = engine.dialect.name
    values = {
        name: "NULL" if value is None else str(value)
        for name, value in _values(backend).items()
    }
    quote = engine.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in values)
    select = _FILL[backend].format(
        columns=", ".join(values.values()), first=first, last=last
    )
    statement = f"INSERT INTO {TOKENS.name} (token_digest, {columns}) {select}"
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def _values(backend: str) -> dict[str, ty.Any]:
    """Return what each row has, as SQL."""
    text = _BYTES[backend].format
    far = 4_000_000_000_000
    return {
        "target_digest": text("t" * 32),
        "fingerprint": text("f" * 32),
        "key_id": "'0123456789abcdef'",
        "host": "'host'",
        "project_id": f"'{uuid.uuid4().hex}'",
        "user_id": f"'{uuid.uuid4().hex}'",
        "target": "'POST /things'",
        "version": "''",
        "roles": "'[\"member\"]'",
        "state": "'succeeded'",
        "linked": "TRUE",
        "bound": 1,
        "takeovers": 0,
        "undo": 0,
        "fence": 0,
        "owner": f"'{uuid.uuid4().hex}'",
        "request_id": f"'req-{uuid.uuid4()}'",
        "lease_until": 0,
        "created_at": "1700000000000 + seq",
        "expires_at": f"{far} + seq",
        "answer_until": far,
        "lasting": "FALSE",
        "status": 202,
        "sealed": _SEALED[backend],
    }
