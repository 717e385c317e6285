# SPDX-License-Identifier: Apache-2.0
"""Switches off what the promises rest on, so that the checks must fail.

For this process only, and by nothing but the command line of a host that
tests start: the product has no such switch.
"""

from __future__ import annotations

import enum
import typing as ty

import sqlalchemy as sa

from nova.db.idempotency import link
from nova.db.idempotency import rows
from nova.db.idempotency import tables
from nova.openstack.common.idempotency.claim import Claim


class Mutation(enum.Enum):
    """What is switched off."""

    NO_FENCE = "no-fence"
    NO_LINK = "no-link"

    def apply(self) -> None:
        """Switch it off; before Nova's application is loaded."""
        if self is Mutation.NO_FENCE:
            rows.held = _whoever_holds_it
        else:
            link.listen = _bind_nothing  # type: ignore[assignment]


def _whoever_holds_it(claim: Claim) -> sa.ColumnElement[bool]:
    return tables.TOKENS.c.id == claim.id


def _bind_nothing(*arguments: ty.Any) -> None:
    pass
