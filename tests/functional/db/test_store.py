# SPDX-License-Identifier: Apache-2.0
"""The store keeps the engine's contract on each database."""

from __future__ import annotations

from openstack_idempotency.fixture import contract
from tests.functional.db import base


def _on_each_backend(promise: type) -> None:
    name = promise.__name__.removesuffix("Contract")
    scenario = type(name, (base.StoreTestCase, promise), {})
    base.on_each_backend(scenario)


for _number in range(len(contract.CONTRACTS)):
    # Not by name: a class in this module would be run for itself.
    _on_each_backend(contract.CONTRACTS[_number])
