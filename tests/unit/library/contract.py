# SPDX-License-Identifier: Apache-2.0
"""What every store promises; its fake and each database run these tests.

A subclass has a ``store`` and the ``clock`` that its times come from, and
overrides ``make()``.
"""

from __future__ import annotations

from tests.unit.library.contract_base import Held
from tests.unit.library.contract_base import KIND
from tests.unit.library.contract_base import LEASE
from tests.unit.library.contract_base import ONE
from tests.unit.library.contract_base import SCOPE
from tests.unit.library.contract_base import StoreContract
from tests.unit.library.contract_base import TTL
from tests.unit.library.contract_base import TWO
from tests.unit.library.contract_base import use_of
from tests.unit.library.contract_claims import ClaimContract
from tests.unit.library.contract_claims import LookContract
from tests.unit.library.contract_claims import RotationContract
from tests.unit.library.contract_claims import YoungContract
from tests.unit.library.contract_life import LastingContract
from tests.unit.library.contract_settling import GiveBackContract
from tests.unit.library.contract_settling import OutcomeContract
from tests.unit.library.contract_settling import ReleaseContract
from tests.unit.library.contract_settling import ResourcesContract
from tests.unit.library.contract_takeover import FormerOwnerContract
from tests.unit.library.contract_takeover import HolderContract
from tests.unit.library.contract_takeover import LeaseContract
from tests.unit.library.contract_takeover import TakeoverContract
from tests.unit.library.contract_withdrawal import UndoneContract
from tests.unit.library.contract_withdrawal import WithdrawContract

__all__ = [
    "CONTRACTS",
    "KIND",
    "LEASE",
    "ONE",
    "SCOPE",
    "TTL",
    "TWO",
    "Held",
    "StoreContract",
    "use_of",
]

CONTRACTS = (
    LookContract,
    ClaimContract,
    YoungContract,
    TakeoverContract,
    FormerOwnerContract,
    HolderContract,
    LeaseContract,
    OutcomeContract,
    LastingContract,
    ReleaseContract,
    ResourcesContract,
    GiveBackContract,
    RotationContract,
    WithdrawContract,
    UndoneContract,
)
