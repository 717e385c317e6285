# SPDX-License-Identifier: Apache-2.0
"""Opens a service's database for a command: its errors say what to do."""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.sql import capability
from openstack_idempotency.sql.migration import Unusable

_NO_URL: ty.Final = (
    "its URL cannot be parsed. Its form is dialect+driver://user:password@"
    "host:port/name; in a password, write @ : / ? # and % as %40 %3A %2F %3F "
    "%23 and %25."
)
# Seconds: some drivers would wait for minutes.
_CONNECT: ty.Final = 5
# The drivers that have an option of this name.
_LIMITED: ty.Final = ("mysqldb", "psycopg", "psycopg2", "pymysql")


def give_up_soon() -> None:
    """Let all engines of this process wait for a server for a few seconds.

    What a URL says of ``connect_timeout`` counts more.
    """
    sa.event.listen(sa.Engine, "do_connect", _limit)


def _limit(
    dialect: sa.Dialect,
    record: ty.Any,
    arguments: ty.Any,
    parameters: dict[str, ty.Any],
) -> None:
    if dialect.driver in _LIMITED:
        parameters.setdefault("connect_timeout", _CONNECT)
    if dialect.driver == "psycopg2":
        # Where Eventlet has it wait in Python, libpq does not look at the
        # time; no command has other threads that would have to wait.
        driver: ty.Any = dialect.dbapi
        driver.extensions.set_wait_callback(None)


@contextlib.contextmanager
def opened(
    engine_of: ty.Callable[[], sa.Engine], check: str
) -> ty.Iterator[sa.Engine]:
    """Yield the engine of a service's database.

    :param engine_of: returns it, as the service configures it
    :param check: what to check if it cannot be used, for messages
    :raises Unusable: there is none, or it does not answer properly
    """
    try:
        yield _engine(engine_of, check)
    except capability.Unsupported as exc:
        raise Unusable(str(exc)) from exc
    except (
        db_exc.DBError,
        db_exc.CantStartEngineError,
        sa.exc.SQLAlchemyError,
    ) as exc:
        reason = str(exc).partition("\n")[0]
        raise Unusable(f"{reason}\n{check}") from exc


def _engine(engine_of: ty.Callable[[], sa.Engine], check: str) -> sa.Engine:
    """Return the engine, once the database answers.

    :raises Unusable: the connection cannot be understood
    """
    try:
        engine = engine_of()
        with engine.connect():
            pass  # only now does the driver see the URL
    except (ImportError, sa.exc.NoSuchModuleError) as exc:
        raise Unusable(f"{exc}. Install its driver.\n{check}") from None
    except (ValueError, TypeError, sa.exc.ArgumentError):
        # Their text may contain part of a password.
        raise Unusable(f"{_NO_URL}\n{check}") from None
    return engine
