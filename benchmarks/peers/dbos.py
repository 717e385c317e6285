# SPDX-License-Identifier: Apache-2.0
"""DBOS: a workflow whose one step is a transaction of its data source."""

from __future__ import annotations

import typing as ty

import dbos as library
import sqlalchemy as sa

from benchmarks.peers.peer import ANSWER
from benchmarks.peers.things import Things

_MAKE = sa.text("INSERT INTO things (name) VALUES ('thing')")


class Dbos:
    """A workflow for each token; its result is in the step's transaction.

    :param url: a PostgreSQL database
    """

    def __init__(self, url: str) -> None:
        url = url.replace("postgresql://", "postgresql+psycopg://")
        library.DBOS(config={
            "name": "benchmarks",
            "system_database_url": url,
            "log_level": "ERROR",
        })
        source = library.SQLAlchemyDatasource.create(url)

        def make() -> str:
            source.sql_session().execute(_MAKE)
            return ANSWER

        step: ty.Callable[[], str] = source.transaction(make)

        def workflow() -> str:
            return step()

        self._workflow = library.DBOS.workflow()(workflow)
        library.DBOS.launch()

    def answer(self, token: str) -> object:
        """Make a thing, or give the first answer again."""
        with library.SetWorkflowID(token):
            return self._workflow()

    def close(self) -> None:
        """End its threads."""
        library.DBOS.destroy()


def opened(url: str, things: Things) -> Dbos:
    """Start it on a PostgreSQL database."""
    return Dbos(url)
