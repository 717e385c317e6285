# SPDX-License-Identifier: Apache-2.0
"""Brings the tables of client tokens up to date, apart from Nova's own."""

from __future__ import annotations

import contextlib
import importlib.resources
import typing as ty

from alembic import command
from alembic import config as alembic_config
from alembic.runtime import migration
from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.api import api as api_db

# Nova's API database has an alembic_version of its own.
VERSION_TABLE = "alembic_version_idempotency"

_SCRIPTS = "nova.db.idempotency.migrations"


class Unusable(Exception):
    """The API database cannot be used; says why."""


@contextlib.contextmanager
def api_database() -> ty.Iterator[sa.Engine]:
    """Give Nova's API database, as nova.conf names it.

    :raises Unusable: there is none, or it does not answer as it should
    """
    try:
        yield api_db.get_engine()
    except (
        db_exc.DBError,
        db_exc.CantStartEngineError,
        sa.exc.SQLAlchemyError,
    ) as exc:
        raise Unusable(str(exc).partition("\n")[0]) from exc


def db_sync(engine: sa.Engine) -> None:
    """Apply all migrations that are missing; to repeat it does nothing.

    :param engine: the API database
    """
    config = alembic_config.Config()
    scripts = importlib.resources.files(_SCRIPTS)
    # Alembic reads its settings with interpolation, where a % is special.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def db_version(engine: sa.Engine) -> str | None:
    """Return the newest migration that was applied, None before the first.

    :param engine: the API database
    """
    with engine.connect() as connection:
        context = migration.MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE}
        )
        return context.get_current_revision()
