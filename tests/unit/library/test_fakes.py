# SPDX-License-Identifier: Apache-2.0
"""The fake store keeps what a real one promises, so tests may rely on it."""

from __future__ import annotations

import itertools

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.record import Resource


class _Fake(contract.StoreContract):
    def setUp(self) -> None:
        super().setUp()
        self.clock = fakes.Clock()
        self._fake = fakes.Store(
            self.clock, lease=contract.LEASE, token_ttl=contract.TTL
        )
        self.store = self._fake
        self._keys = itertools.count(1)

    def make(self, claim: Claim, name: str = "a thing") -> Resource:
        made = Resource(contract.KIND, name, str(next(self._keys)))
        with claims.running(claim):
            self._fake.bind(made)
        return made


for _number in range(len(contract.CONTRACTS)):
    # Not by name: a class in this module would be run for itself.
    _name = contract.CONTRACTS[_number].__name__.replace("Contract", "Test")
    globals()[_name] = type(
        _name,
        (_Fake, contract.CONTRACTS[_number]),
        {"__module__": __name__},
    )
