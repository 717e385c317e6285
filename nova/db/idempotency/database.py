# SPDX-License-Identifier: Apache-2.0
"""Nova's API database, where the tables of client tokens are."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa

from nova.db.api import api as api_db
from openstack_idempotency.assembly import Place
from openstack_idempotency.sql import opening

#: The command that creates the tables, for messages.
SYNC_COMMAND = "nova-idempotency db sync"

_CHECK = (
    "Check [api_database] connection in nova.conf, or name the file with "
    "--config-file."
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


def opened() -> contextlib.AbstractContextManager[sa.Engine]:
    """Give Nova's API database, as nova.conf names it.

    :raises Unusable: there is none, or it does not answer properly
    """
    return opening.opened(api_db.get_engine, _CHECK)
