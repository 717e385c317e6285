# SPDX-License-Identifier: Apache-2.0
"""What is known of each service."""

from __future__ import annotations

import typing as ty

from chaos.services.cinder import CINDER
from chaos.services.glance import GLANCE
from chaos.services.keystone import KEYSTONE
from chaos.services.neutron import NEUTRON
from chaos.services.placement import PLACEMENT

#: What is known of each, by its name.
ROWS: ty.Final = {
    row.name: row for row in (CINDER, GLANCE, KEYSTONE, NEUTRON, PLACEMENT)
}
