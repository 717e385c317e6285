# SPDX-License-Identifier: Apache-2.0
"""Placement with client tokens, instead of ``placement.wsgi.api``."""

from __future__ import annotations

from placement.auth import PlacementKeystoneContext
from placement.handler import PlacementHandler
from placement.wsgi.api import application

from openstack_idempotency.middleware import insertion
from openstack_idempotency.middleware.filter import Filter
from openstack_idempotency.services.placement import ADAPTER

CONF = insertion.find(application, PlacementHandler).config

insertion.insert(
    application,
    behind=PlacementKeystoneContext,
    make=lambda following: Filter(following, ADAPTER, CONF),
)

__all__ = ["CONF", "application"]
