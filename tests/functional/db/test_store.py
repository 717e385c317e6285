# SPDX-License-Identifier: Apache-2.0
"""The store keeps the engine's contract on each database."""

from __future__ import annotations

from tests.functional.db import base
from tests.unit.common import contract

globals().update(
    base.on_each_backend(
        *(
            type(scenario.__name__, (base.StoreTestCase, scenario), {})
            for scenario in contract.CONTRACTS
        )
    )
)
