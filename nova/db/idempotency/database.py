# SPDX-License-Identifier: Apache-2.0
"""Nova's API database, where the tables of client tokens are."""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.api import api as api_db
from openstack_idempotency.sql import capability
from openstack_idempotency.sql.migration import Unusable

#: What makes the tables, for messages.
SYNC_COMMAND = "nova-idempotency db sync"


@contextlib.contextmanager
def opened() -> ty.Iterator[sa.Engine]:
    """Give Nova's API database, as nova.conf names it.

    :raises Unusable: there is none, or it does not answer as it should
    """
    try:
        yield api_db.get_engine()
    except capability.Unsupported as exc:
        raise Unusable(str(exc)) from exc
    except (
        db_exc.DBError,
        db_exc.CantStartEngineError,
        sa.exc.SQLAlchemyError,
    ) as exc:
        raise Unusable(
            str(exc).partition("\n")[0]
            + "\nCheck [api_database] connection in nova.conf, or name the "
            "file with --config-file."
        ) from exc
