# SPDX-License-Identifier: Apache-2.0
"""What clients want: tokens, requests, and how they go about it."""

from __future__ import annotations

import dataclasses
import enum
import random

from simulation import tuning

ROLES = frozenset({"member", "reader"})
FEWER = frozenset({"reader"})

_AHEAD = 400_000  # milliseconds by which a clock may be wrong here


class Kind(enum.StrEnum):
    """An operation of the service."""

    SERVERS = "servers"  # linked, in several transactions, and handed on
    THING = "thing"  # linked, in one transaction
    UPGRADED = "upgraded"  # a thing that older processes do not link
    ACTION = "action"  # not linked


@dataclasses.dataclass(frozen=True)
class ClientPlan:
    """One of the clients that use a token.

    :param number: which
    :param begins: seconds after the token's first client
    :param patience: seconds that it waits for an answer
    :param tries: how often it sends its request at most; a client that
        retries by the table has no limit
    :param asks: which of different requests it sends
    :param roles: the names of its roles
    :param late: seconds after which it sends its request once more
    """

    number: int
    begins: float
    patience: float
    tries: int
    asks: int
    roles: frozenset[str]
    late: float | None


@dataclasses.dataclass(frozen=True)
class Plan:
    """A token, and all that is wanted of it.

    :param number: which
    :param token: the token
    :param dated: whether it tells its age
    :param kind: the operation
    :param count: how many resources that makes
    :param traced: whether the service records an operation that is not
        linked
    :param grouped: whether the quota of a group is checked after commits
    :param deleted_after: seconds after which a user deletes one of the
        resources, None if none does
    :param clients: who uses it
    """

    number: int
    token: str
    dated: bool
    kind: Kind
    count: int
    traced: bool
    grouped: bool
    deleted_after: float | None
    clients: tuple[ClientPlan, ...]


def plan(number: int, now: int, chance: random.Random) -> Plan:
    """Think of a token, and of what is wanted of it.

    :param number: which it is
    :param now: the time of day, in milliseconds
    :param chance: the dice
    """
    kind = chance.choices(tuple(Kind), (5, 2, 3, 3))[0]
    dated = chance.random() < 0.6
    deleted = chance.random() < 0.1
    clients = chance.choices((1, 2, 3, 4), (4, 3, 2, 2))[0]
    together = chance.random() < 0.7
    return Plan(
        number=number,
        token=_token(number, now, chance) if dated else f"token-{number}",
        dated=dated,
        kind=kind,
        count=chance.choice((1, 1, 2, 3)) if kind is Kind.SERVERS else 1,
        traced=chance.random() < 0.6,
        grouped=chance.random() < 0.4,
        deleted_after=chance.expovariate(1 / 20) if deleted else None,
        clients=tuple(
            _client(client, together, chance) for client in range(clients)
        ),
    )


def _client(number: int, together: bool, chance: random.Random) -> ClientPlan:
    dice = chance.random()
    return ClientPlan(
        number=number,
        begins=chance.random() * (0.1 if together else 40.0),
        patience=chance.choice((8.0, 30.0, 70.0)),
        tries=chance.randint(1, 3) if chance.random() < 0.1 else 10_000,
        asks=1 if number and dice < 0.04 else 0,
        roles=FEWER if number and dice > 0.95 else ROLES,
        late=tuning.TTL * (0.5 + chance.random())
        if chance.random() < 0.1
        else None,
    )


def _token(number: int, now: int, chance: random.Random) -> str:
    """Return a UUID of version 7."""
    if chance.random() < 0.04:
        now += chance.randrange(_AHEAD)
    digits = f"{now:012x}{0x7000 | chance.getrandbits(12):04x}"
    digits += f"{0x8000 | chance.getrandbits(14):04x}{number:012x}"
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20])
    return "-".join((*parts, digits[20:]))
