# SPDX-License-Identifier: Apache-2.0
"""neutron-api, without a service plugin."""

# Mapped by no plugin of ours, but the port's relationships name its class:
# without it the first GET of ports fails.
from neutron.db.models import port_forwarding  # noqa: F401
from neutron.wsgi.api import application
from sqlalchemy import orm

orm.configure_mappers()

__all__ = ["application"]
