# SPDX-License-Identifier: Apache-2.0
"""The services of the stack, in the order in which they are brought up."""

from __future__ import annotations

from embedded.services.cinder import CINDER
from embedded.services.glance import GLANCE
from embedded.services.keystone import KEYSTONE
from embedded.services.neutron import NEUTRON
from embedded.services.nova import NOVA
from embedded.services.placement import PLACEMENT

# keystone first: it keeps the catalog. nova last: its compute service looks
# all others up there as it starts.
SERVICES = (KEYSTONE, PLACEMENT, GLANCE, CINDER, NEUTRON, NOVA)

__all__ = [
    "CINDER",
    "GLANCE",
    "KEYSTONE",
    "NEUTRON",
    "NOVA",
    "PLACEMENT",
    "SERVICES",
]
