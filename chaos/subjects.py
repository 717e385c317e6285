# SPDX-License-Identifier: Apache-2.0
"""The subjects of campaigns, by the names of their services."""

from __future__ import annotations

import typing as ty

from chaos import checker
from chaos import client
from chaos import ground
from chaos import operations
from chaos import site
from chaos.services.rows import ROWS
from chaos.services.site import Start
from chaos.subject import Subject

# Seconds: others run their methods again, many times, while their database is
# away, with waits of their own.
_PATIENCE = 180.0

NOVA: ty.Final = Subject(
    operations=operations.DICE,
    bystanding=(client.SERVER, client.KEYPAIR),
    tokens=16,
    patience=checker.PATIENCE,
    started=site.started,
    missing=site.missing,
    never=("changes",),
)

SUBJECTS: ty.Final = {
    "nova": NOVA,
    **{
        name: Subject(
            operations=row.operations,
            bystanding=row.bystanding,
            tokens=6,
            patience=_PATIENCE,
            started=Start(row),
            missing=ground.missing,
            never=("outages", "multiples", "groups", "withdrawals"),
        )
        for name, row in ROWS.items()
    },
}
