# SPDX-License-Identifier: Apache-2.0
"""What is committed in the machine, and by whom."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.sql import tables
from tests.functional.db import base
from tests.functional.model.plans import Plan
from tests.functional.model.plans import Token


@dataclasses.dataclass(frozen=True)
class Seen:
    """What is committed, at one moment.

    :param rows: the row of each token that has one
    :param names: the names and keys of what it is bound to
    :param things: the names of the resources, by key
    """

    rows: dict[Token, sa.Row[ty.Any]]
    names: dict[Token, set[tuple[str, str]]]
    things: dict[int, str]


@dataclasses.dataclass
class Life:
    """A token from its first use to the moment when it is free again.

    :param asks: which request it belongs to
    :param makers: who has committed something
    :param made: the names and keys of that
    :param ran: who has run, if it is not linked
    """

    asks: int | None = None
    makers: set[str] = dataclasses.field(default_factory=set)
    made: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    ran: set[str] = dataclasses.field(default_factory=set)


def see(engine: sa.Engine) -> Seen:
    """Return what is committed now."""
    with engine.connect() as connection:
        found = connection.execute(sa.select(tables.TOKENS)).all()
        bound = connection.execute(sa.select(tables.RESOURCES)).all()
        things = connection.execute(
            sa.select(base.Thing.id, base.Thing.name)
        ).all()
    tokens = {row.target: row for row in found}
    rows = {
        token: tokens[target]
        for token in Token
        if (target := Plan(token).scope.target) in tokens
    }
    names: dict[Token, set[tuple[str, str]]] = {
        token: {
            (name.resource_id, name.row_key)
            for name in bound
            if name.token_id == row.id
        }
        for token, row in rows.items()
    }
    return Seen(rows, names, {thing.id: thing.name for thing in things})
