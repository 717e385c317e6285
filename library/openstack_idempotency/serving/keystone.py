# SPDX-License-Identifier: Apache-2.0
"""Keystone with client tokens, instead of ``keystone.wsgi.api``."""

from __future__ import annotations

from keystone.server.flask.request_processing.middleware import auth_context
from keystone.wsgi.api import application

from openstack_idempotency.middleware import insertion
from openstack_idempotency.middleware.filter import Filter
from openstack_idempotency.services.keystone import ADAPTER
from openstack_idempotency.services.keystone import CONF

insertion.insert(
    application,
    behind=auth_context.AuthContextMiddleware,
    make=lambda following: Filter(following, ADAPTER, CONF),
)

__all__ = ["CONF", "application"]
