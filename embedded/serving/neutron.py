# SPDX-License-Identifier: Apache-2.0
"""neutron-api, without a service plugin."""

from __future__ import annotations

from sqlalchemy import orm

from embedded.services.neutron import BINDING
from embedded.serving import binding

# Before the application is made, which loads its drivers.
binding.offer(BINDING)

# Mapped by no plugin of ours, but the port's relationships name its class:
# without it the first GET of ports fails.
from neutron.db.models import port_forwarding  # noqa: E402, F401
from neutron.wsgi.api import application  # noqa: E402

orm.configure_mappers()

__all__ = ["application"]
