# SPDX-License-Identifier: Apache-2.0
"""Switches off what the promises rest on; the checks must notice.

For this process only, and by nothing but the command line of a host that
tests start: the product has no such switch.
"""

from __future__ import annotations

import enum
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.sql import connections
from openstack_idempotency.sql import link
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql import tables


class Mutation(enum.Enum):
    """What is switched off."""

    NO_FENCE = "no-fence"
    NO_LINK = "no-link"
    GAP_LOCKS = "gap-locks"

    def apply(self) -> None:
        """Switch it off; before Nova's application is loaded."""
        if self is Mutation.NO_FENCE:
            rows.held = _whoever_holds_it
        elif self is Mutation.GAP_LOCKS:
            connections._ON_CONNECT = _at_repeatable_read()
            steps.forget = _forget_by_conditions
        else:
            link._link_rows = _bind_nothing  # type: ignore[assignment]


def _whoever_holds_it(claim: Claim) -> sa.ColumnElement[bool]:
    return tables.TOKENS.c.id == claim.id


def _at_repeatable_read() -> tuple[str, str]:
    """Return what leaves MariaDB's connections at its own isolation."""
    level, wait = connections._ON_CONNECT
    own = level.replace("READ COMMITTED", "REPEATABLE READ")
    return own, wait


def _forget_by_conditions(connection: sa.Connection, token_id: int) -> None:
    """Delete what is mostly not there, with locks where it would be."""
    for gone in (
        sa.delete(tables.RESOURCES).where(
            tables.RESOURCES.c.token_id == token_id
        ),
        sa.delete(tables.TOKENS).where(tables.TOKENS.c.alias_of == b"none"),
    ):
        connection.execute(gone)


def _bind_nothing(*arguments: ty.Any) -> None:
    pass
