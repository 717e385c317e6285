# SPDX-License-Identifier: Apache-2.0
"""The store keeps the engine's contract on each database."""

from __future__ import annotations

from tests.functional.db import base
from tests.unit.common import contract

for _contract in contract.CONTRACTS:
    _name = _contract.__name__.removesuffix("Contract")
    base.on_each_backend(type(_name, (base.StoreTestCase, _contract), {}))
