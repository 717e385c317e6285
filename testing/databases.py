# SPDX-License-Identifier: Apache-2.0
"""Empty databases of their own, on the servers that suites use."""

from __future__ import annotations

import functools
import os
import typing as ty
import uuid

import fixtures
import sqlalchemy as sa

from embedded import database_server

#: The servers, which are used if they answer.
SERVERS: ty.Final = tuple(database_server.VARIABLES)
#: All kinds of databases.
BACKENDS: ty.Final = ("sqlite", *SERVERS)

#: Where it is set, as it is in the gate, each server is used, and what needs
#: one that does not answer fails.
REQUIRED = "TEST_REQUIRE_DATABASES"


@functools.cache
def missing(backend: str) -> str | None:
    """Return why a kind of database cannot be used, None if it can.

    :param backend: "mysql" or "postgresql", or "sqlite", which always can
    """
    if backend == "sqlite" or os.environ.get(REQUIRED):
        return None
    if database_server.answers(database_server.named(backend)):
        return None
    return f"no {backend} server answers"


def fresh(
    server: sa.URL,
    purpose: str,
    at_the_end: ty.Callable[..., object] | None = None,
) -> str:
    """Create an empty database, and return its URL.

    :param server: where it is to be
    :param purpose: is a part of its name, for who looks at the server
    :param at_the_end: is told what drops it, unless the server goes with it
    """
    name = f"nova_{uuid.uuid4().hex}_{purpose}"
    url = database_server.create(server, name)
    if at_the_end is not None:
        at_the_end(database_server.drop, server, name)
    return url


class ServerDatabase(fixtures.Fixture):
    """An empty database of its own on a real server; `url` is where.

    :param backend: one of SERVERS
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def _setUp(self) -> None:
        server = database_server.named(self._backend)
        self.url = fresh(server, "idempotency", self.addCleanup)
