# SPDX-License-Identifier: Apache-2.0
"""The fake store keeps what a real one promises, so tests may rely on it."""

from __future__ import annotations

import itertools

from nova.openstack.common.idempotency import record
from nova.openstack.common.idempotency.record import Claim
from nova.openstack.common.idempotency.record import Resource
from tests.unit.common import contract
from tests.unit.common import fakes


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
        made = Resource(contract.KIND, name, next(self._keys))
        with record.running(claim):
            self._fake.bind(made)
        return made


class LookTest(_Fake, contract.LookContract):
    pass


class ClaimTest(_Fake, contract.ClaimContract):
    pass


class TakeoverTest(_Fake, contract.TakeoverContract):
    pass


class FormerOwnerTest(_Fake, contract.FormerOwnerContract):
    pass


class LeaseTest(_Fake, contract.LeaseContract):
    pass


class OutcomeTest(_Fake, contract.OutcomeContract):
    pass


class ReleaseTest(_Fake, contract.ReleaseContract):
    pass


class ResourcesTest(_Fake, contract.ResourcesContract):
    pass


class RotationTest(_Fake, contract.RotationContract):
    pass
