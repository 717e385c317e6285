# SPDX-License-Identifier: Apache-2.0
"""Switches off what the promises rest on; the checks must notice.

For this process only, and by nothing but the command line of a host that
tests start: the product has no such switch.
"""

from __future__ import annotations

import enum
import typing as ty

import sqlalchemy as sa
from sqlalchemy.sql import elements
from sqlalchemy.sql import visitors

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.sql import binding
from openstack_idempotency.sql import connections
from openstack_idempotency.sql import link
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import settling
from openstack_idempotency.sql import steps
from openstack_idempotency.sql import tables

# The half of rows.HELD that compares the owner.
_OWNER: ty.Final = rows.HELD.clauses[1]


class Mutation(enum.Enum):
    """What is switched off."""

    NO_FENCE = "no-fence"
    NO_LINK = "no-link"
    GAP_LOCKS = "gap-locks"

    def apply(self) -> None:
        """Switch it off; before Nova's application is loaded."""
        if self is Mutation.NO_FENCE:
            _let_anybody_pass()
        elif self is Mutation.GAP_LOCKS:
            connections._ON_CONNECT = _at_repeatable_read()
            steps.forget = _forget_by_conditions
        else:
            link._link_rows = _bind_nothing  # type: ignore[assignment]


def _let_anybody_pass() -> None:
    """Take the owner out of all conditions that a claim holds."""
    rows.held = _whoever_holds_it
    for module in (binding, settling):
        for name, value in [*vars(module).items()]:
            if isinstance(value, sa.Update | sa.Delete):
                setattr(module, name, _without_an_owner(value))


def _whoever_holds_it(claim: Claim) -> sa.ColumnElement[bool]:
    return tables.TOKENS.c.id == claim.id


def _without_an_owner(change: ty.Any) -> ty.Any:
    anybody = sa.true()

    def instead(element: ty.Any, **kw: ty.Any) -> ty.Any:
        is_it = isinstance(element, elements.BinaryExpression) and (
            element.compare(_OWNER)
        )
        return anybody if is_it else None

    return visitors.replacement_traverse(change, {}, instead)


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
