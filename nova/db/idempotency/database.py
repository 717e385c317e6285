# SPDX-License-Identifier: Apache-2.0
"""Nova's API database, where the tables of client tokens are."""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.api import api as api_db
from openstack_idempotency.assembly import Place
from openstack_idempotency.sql import capability
from openstack_idempotency.sql.migration import Unusable

#: The command that creates the tables, for messages.
SYNC_COMMAND = "nova-idempotency db sync"

_CHECK = (
    "Check [api_database] connection in nova.conf, or name the file with "
    "--config-file."
)
_NO_URL = (
    "its URL cannot be parsed. Its form is dialect+driver://user:password@"
    "host:port/name; in a password, write @ : / ? # and % as %40 %3A %2F %3F "
    "%23 and %25."
)


def place(host: str, turn_off: str) -> Place:
    """Return where Nova keeps its tokens.

    :param host: the name of this host
    :param turn_off: what turns client tokens off, for messages
    """
    return Place(
        database=api_db.context_manager,
        options="api_database",
        host=host,
        sync_command=SYNC_COMMAND,
        turn_off=turn_off,
        distribution="nova-idempotency",
    )


@contextlib.contextmanager
def opened() -> ty.Iterator[sa.Engine]:
    """Give Nova's API database, as nova.conf names it.

    :raises Unusable: there is none, or it does not answer properly
    """
    try:
        yield _engine()
    except capability.Unsupported as exc:
        raise Unusable(str(exc)) from exc
    except (
        db_exc.DBError,
        db_exc.CantStartEngineError,
        sa.exc.SQLAlchemyError,
    ) as exc:
        reason = str(exc).partition("\n")[0]
        raise Unusable(f"{reason}\n{_CHECK}") from exc


def _engine() -> sa.Engine:
    """Return the engine of Nova's API database.

    :raises Unusable: the connection in nova.conf cannot be understood
    """
    try:
        engine: sa.Engine = api_db.get_engine()
        with engine.connect():
            pass  # only now does the driver see the URL
    except (ImportError, sa.exc.NoSuchModuleError) as exc:
        raise Unusable(f"{exc}. Install its driver.\n{_CHECK}") from None
    except (ValueError, TypeError, sa.exc.ArgumentError):
        # Their text may contain part of a password.
        raise Unusable(f"{_NO_URL}\n{_CHECK}") from None
    return engine
