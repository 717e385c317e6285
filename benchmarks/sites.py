# SPDX-License-Identifier: Apache-2.0
"""Nova's databases, which several subjects use: to make them takes long."""

from __future__ import annotations

import contextlib
import typing as ty

from benchmarks import stage
from chaos import databases
from chaos import schema
from chaos.configuration import Configuration


class Sites:
    """Makes Nova's databases where they are first needed.

    They go in the end of the context.
    """

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._made: dict[str, Configuration] = {}

    def on(self, backend: str) -> Configuration:
        """Return the configuration of hosts on a kind of database.

        :param backend: "mysql" or "postgresql"
        """
        if backend not in self._made:
            urls = self._stack.enter_context(databases.created(backend))
            site = Configuration(
                urls, lease=stage.LEASE, wait_timeout=stage.WAIT_TIMEOUT
            )
            schema.create(urls, site.transport_url)
            self._made[backend] = site
        return self._made[backend]

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
