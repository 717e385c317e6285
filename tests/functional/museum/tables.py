# SPDX-License-Identifier: Apache-2.0
"""The museum's tables, and what its operations make and change of them."""

from __future__ import annotations

import uuid

from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
from sqlalchemy import orm

from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

BASE = orm.declarative_base()


class Room(BASE):  # type: ignore[misc, valid-type]
    """Its name is its key, and can be given again."""

    __tablename__ = "rooms"
    name = sa.Column(sa.String(64), primary_key=True)
    opened = sa.Column(
        sa.String(32), nullable=False, default=lambda: uuid.uuid4().hex
    )


class Club(BASE):  # type: ignore[misc, valid-type]
    """The first visit of a visitor makes a club that nobody asked for."""

    __tablename__ = "clubs"
    id = sa.Column(
        sa.String(32), primary_key=True, default=lambda: uuid.uuid4().hex
    )
    name = sa.Column(sa.String(64), nullable=False)


class Ticket(BASE):  # type: ignore[misc, valid-type]
    """Its row stays when it is given back."""

    __tablename__ = "tickets"
    number = sa.Column(sa.String(64), primary_key=True)
    price = sa.Column(sa.Integer, nullable=False, default=5)
    returned = sa.Column(sa.Boolean, nullable=False, default=False)


# One of these has two columns as its key, and is written by statements only.
PLACES = sa.Table(
    "places",
    BASE.metadata,
    sa.Column("room", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("exhibit", sa.String(64), nullable=True),
)
GUARDS = sa.Table(
    "guards",
    BASE.metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("shift", sa.Integer, nullable=False),
)
RESERVATIONS = sa.Table(
    "reservations",
    BASE.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
)

ROOM = Kind("room", Room, "name", incarnation="opened")
CLUB = Kind("club", Club, "id", counts=lambda row: row.name != "default")
PLACE = Kind(
    "place", PLACES, "exhibit", counts=lambda row: row.exhibit is not None
)
TICKET = Kind("ticket", Ticket, "number", marked="returned")
SHIFT = Change("shift", (GUARDS,), "name")
MOVE = Change("move", (PLACES, GUARDS))


@enginefacade.transaction_context_provider
class Visit:
    """A request of the museum."""
