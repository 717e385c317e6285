# SPDX-License-Identifier: Apache-2.0
"""What the museum can be asked to do."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind
from tests.functional.museum import tables

# What is there once an operation has run: asked of a connection.
Seen = ty.Callable[[sa.Connection], ty.Any]


@dataclasses.dataclass(frozen=True)
class Operation:
    """One operation.

    :param kind: what it is linked to
    :param run: does it, given enginefacade's context manager
    :param see: tells what has come of it
    :param before: what that is before it has run
    :param after: and once it has run
    :param ids: the ids of what is bound to its token
    """

    kind: Kind | Change
    run: ty.Callable[[ty.Any], None]
    see: Seen
    before: ty.Any
    after: ty.Any
    ids: tuple[str, ...]


def open_room(manager: ty.Any, name: str = "Monet") -> None:
    # Nothing is flushed before the commit.
    with manager.writer.using(tables.Visit()) as session:
        session.add(tables.Room(name=name))


def found_club(manager: ty.Any) -> None:
    with manager.writer.using(tables.Visit()) as session:
        if not session.get(tables.Club, "0"):
            session.add(tables.Club(id="0", name="default"))
    with manager.writer.using(tables.Visit()) as session:
        session.add(tables.Club(id="friends", name="Friends"))


def hang_exhibits(manager: ty.Any) -> None:
    places = [
        {"room": "Monet", "number": 1, "exhibit": "Lilies"},
        {"room": "Monet", "number": 2, "exhibit": None},
        {"room": "Monet", "number": 3, "exhibit": "Poppies"},
    ]
    with manager.writer.connection.using(tables.Visit()) as connection:
        connection.execute(sa.insert(tables.PLACES), places)


def hang_in_one_clause(manager: ty.Any) -> None:
    places = [
        {"room": "Manet", "number": 1, "exhibit": "Olympia"},
        {"room": "Manet", "number": 2, "exhibit": "Bar"},
    ]
    with manager.writer.connection.using(tables.Visit()) as connection:
        connection.execute(sa.insert(tables.PLACES).values(places))


def hang_where_a_guard_is(manager: ty.Any) -> None:
    given = {"room": "Vera", "number": 1, "exhibit": "Self-portrait"}
    values: list[ty.Any] = [sa.bindparam(*item) for item in given.items()]
    with manager.writer.connection.using(tables.Visit()) as connection:
        for guard in ("Vera", "Zoe"):
            there = sa.select(*values).where(tables.GUARDS.c.name == guard)
            place = sa.insert(tables.PLACES).from_select([*given], there)
            connection.execute(place)


def sell_ticket(manager: ty.Any) -> None:
    with manager.writer.using(tables.Visit()) as session:
        session.add(tables.Ticket(number="1"))


def change_shift(manager: ty.Any) -> None:
    mine = tables.GUARDS.c.name == "Vera"
    with manager.writer.connection.using(tables.Visit()) as connection:
        for shift in (2, 3):
            change = sa.update(tables.GUARDS).where(mine)
            connection.execute(change.values(shift=shift))


def move(manager: ty.Any) -> None:
    guards, places = tables.GUARDS, tables.PLACES
    with manager.writer.connection.using(tables.Visit()) as connection:
        used = sa.insert(tables.RESERVATIONS).values(used=1)
        connection.execute(used)
    with manager.writer.connection.using(tables.Visit()) as connection:
        connection.execute(sa.delete(guards).where(guards.c.name == "Vera"))
        there = {"room": "Vera", "number": 1}
        connection.execute(sa.insert(places).values(there))


def _all(column: sa.ColumnElement[ty.Any]) -> Seen:
    return lambda connection: sorted(
        connection.scalars(sa.select(column)).all()
    )


def _moved(connection: sa.Connection) -> tuple[list[str], list[str]]:
    guards, rooms = tables.GUARDS.c.name, tables.PLACES.c.room
    return _all(guards)(connection), _all(rooms)(connection)


_PLACE = tables.PLACES.c.room + sa.cast(tables.PLACES.c.number, sa.String(4))

OPERATIONS: dict[str, Operation] = {
    "room": Operation(
        tables.ROOM, open_room, _all(tables.Room.name), [], ["Monet"],
        ("Monet",),
    ),
    "club": Operation(
        tables.CLUB, found_club,
        # The club that comes with the first visit is there before, too.
        lambda connection: sorted(
            set(_all(tables.Club.id)(connection)) - {"0"}
        ),
        [], ["friends"], ("friends",),
    ),
    "places": Operation(
        tables.PLACE, hang_exhibits, _all(_PLACE), [],
        ["Monet1", "Monet2", "Monet3"], ("Lilies", "Poppies"),
    ),
    "places-in-one-clause": Operation(
        tables.PLACE, hang_in_one_clause, _all(_PLACE), [],
        ["Manet1", "Manet2"], ("Olympia", "Bar"),
    ),
    "shift": Operation(
        tables.SHIFT, change_shift, _all(tables.GUARDS.c.shift), [1, 1],
        [1, 3], ("Vera",),
    ),
    "move": Operation(
        tables.MOVE, move, _moved, (["Ada", "Vera"], []), (["Ada"], ["Vera"]),
        ("",),
    ),
    "place-that-is-selected": Operation(
        tables.PLACE, hang_where_a_guard_is, _all(_PLACE), [], ["Vera1"],
        ("Self-portrait",),
    ),
    "ticket": Operation(
        tables.TICKET, sell_ticket, _all(tables.Ticket.number), [], ["1"],
        ("1",),
    ),
}  # fmt: skip
