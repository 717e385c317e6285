# SPDX-License-Identifier: Apache-2.0
"""All faults, in the order of their numbers."""

from __future__ import annotations

from mutations.fault import Fault
from mutations.table import answers
from mutations.table import clients
from mutations.table import limits
from mutations.table import locks
from mutations.table import operators
from mutations.table import requests
from mutations.table import services
from mutations.table import smaller
from mutations.table import stale
from mutations.table import successes

FAULTS: tuple[Fault, ...] = (
    *locks.FAULTS,
    *successes.FAULTS,
    *stale.FAULTS,
    *limits.WAITING,
    *requests.FAULTS,
    *answers.FAULTS,
    *limits.COSTS,
    *smaller.FAULTS,
    *limits.SECRETS,
    *services.FAULTS,
    *operators.FAULTS,
    *clients.FAULTS,
)
