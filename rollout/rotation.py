# SPDX-License-Identifier: Apache-2.0
"""What time and operators do to the table of tokens, without the time."""

from __future__ import annotations

import base64
import os

import sqlalchemy as sa

from embedded import database_server
from openstack_idempotency.sql.tables import METADATA
from openstack_idempotency.sql.tables import TOKENS

# Two days, in milliseconds: longer than a token lives.
_LONG = 2 * 86_400_000


def secret() -> str:
    """Return a new secret, as `openssl rand -base64 32` prints it."""
    return base64.b64encode(os.urandom(32)).decode()


def age(url: str) -> None:
    """Let all that is in the table be two days older.

    :param url: the API database
    """
    moved = {
        name: TOKENS.c[name] - _LONG
        for name in ("created_at", "lease_until", "answer_until")
    }
    with database_server.engine(url).begin() as connection:
        # What runs now is left as it is: its worker has the times, too.
        done = TOKENS.c.sealed.is_not(None)
        connection.execute(sa.update(TOKENS).where(done).values(moved))


def tables(url: str) -> list[str]:
    """Return the tables of ours that are there.

    :param url: the API database
    """
    there = sa.inspect(database_server.engine(url)).get_table_names()
    return sorted({*there} & {*METADATA.tables})
