# SPDX-License-Identifier: Apache-2.0
"""idemkit: a decorator of functions, on PostgreSQL or Redis."""

from __future__ import annotations

import asyncio
import typing as ty

import idemkit as library
from idemkit.adapters import ai
from idemkit.backends import postgres

from benchmarks.peers.peer import ANSWER
from benchmarks.peers.things import Things


class Idemkit:
    """Its synchronous decorator.

    :param backend: where it keeps its records
    :param things: what it makes
    """

    def __init__(self, backend: ty.Any, things: Things) -> None:
        config = library.MethodConfig(key_fields=["token"])

        def make(*, token: str) -> dict[str, str]:
            things.add()
            return {"answer": ANSWER}

        self._make = ai.idempotent_sync(backend=backend, config=config)(make)

    def answer(self, token: str) -> object:
        """Make a thing, or give the first answer again."""
        return self._make(token=token)

    def close(self) -> None:
        """Leave it to the end of the process."""


def opened(url: str, things: Things) -> Idemkit:
    """Start it on a PostgreSQL database."""
    asyncio.run(postgres.init_pg(url))
    backend = postgres.PostgresBackend.from_url(url, max_size=20)
    return Idemkit(backend, things)
