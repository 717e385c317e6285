# SPDX-License-Identifier: Apache-2.0
"""Which peers there are, what they need, and what they do not promise."""

from __future__ import annotations

import dataclasses
import typing as ty

_POSTGRESQL = ("postgresql",)
_DRIVERS = ("psycopg2-binary>=2.9,<3", "PyMySQL>=1.1,<2")
# In each case the thing may be there, and the record say that it is not.
_TWO_COMMITS = "the thing and its record in one commit"
_DURABLE = "to keep a record that Redis has not written when it dies"


@dataclasses.dataclass(frozen=True)
class Listed:
    """One peer.

    :param name: its name
    :param module: which module of this package runs it
    :param needs: the distributions that pip installs for it, in the range
        that was tried
    :param backends: on which databases it runs
    :param lacks: what we promise and it does not
    :param npm: the packages that npm installs for it
    :param redis: whether it keeps its records in Redis
    :param comparable: whether it promises that a thing is made once, whenever
        a worker dies
    """

    name: str
    module: str
    needs: tuple[str, ...]
    lacks: str
    backends: tuple[str, ...] = _POSTGRESQL
    npm: tuple[str, ...] = ()
    redis: bool = False
    comparable: bool = False


_IDEMKIT = ("idemkit[postgres]>=1.0,<2", *_DRIVERS)
_DBOS = ("dbos>=3.4,<4", *_DRIVERS)
_DJANGO = (
    "django-idempotency-key>=1.3,<2",
    "Django>=5.2,<6",
    "psycopg[binary,pool]>=3.2,<4",
    "redis>=8,<9",
    *_DRIVERS,
)
_POWERTOOLS = (
    "aws-lambda-powertools>=3.37,<4",
    "boto3>=1.40,<2",
    "redis>=8,<9",
    *_DRIVERS,
)
_RESTATE = ("restate-sdk>=1.3,<2", "hypercorn>=0.18,<1", *_DRIVERS)
_RUNS_TWICE = "that requests at the same time run once"

PEERS: ty.Final = (
    Listed("DBOS", "dbos", _DBOS, "sealed answers", comparable=True),
    Listed("idemkit", "idemkit", _IDEMKIT, f"{_TWO_COMMITS}; sealed answers"),
    Listed(
        "Restate",
        "restate",
        _RESTATE,
        f"{_TWO_COMMITS}; sealed answers",
        npm=("@restatedev/restate-server@1.7.12",),
    ),
    Listed(
        "powertools",
        "powertools",
        _POWERTOOLS,
        f"{_TWO_COMMITS}; that a retry gets an answer while the first runs; "
        "sealed answers",
        backends=("mysql", "postgresql"),
    ),
    Listed(
        "powertools, Redis",
        "powertools_redis",
        _POWERTOOLS,
        f"{_TWO_COMMITS}; {_DURABLE}; that a retry gets an answer while the "
        "first runs; sealed answers",
        redis=True,
    ),
    Listed(
        "django-idempotency-key",
        "django",
        _DJANGO,
        f"{_TWO_COMMITS}; {_RUNS_TWICE}; sealed answers",
    ),
    Listed(
        "django-idempotency-key, Redis",
        "django_redis",
        _DJANGO,
        f"{_TWO_COMMITS}; {_RUNS_TWICE}; {_DURABLE}; sealed answers",
        redis=True,
    ),
)
