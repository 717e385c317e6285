# SPDX-License-Identifier: Apache-2.0
"""The hook of openstacksdk, for programs, Ansible and others.

One line in clouds.yaml, or in the call, or in the environment::

    vendor_hook: openstack_idempotency_client.sdk:vendor_hook
    openstack.connect(vendor_hook="openstack_idempotency_client.sdk:vendor_hook")
    OS_VENDOR_HOOK=openstack_idempotency_client.sdk:vendor_hook
"""

from __future__ import annotations

import typing as ty

from openstack_idempotency_client import retry
from openstack_idempotency_client import session
from openstack_idempotency_client.services import SERVICE_TYPES
from openstack_idempotency_client.token import client_token

__all__ = ["client_token", "vendor_hook"]

if ty.TYPE_CHECKING:
    from openstack import connection


def vendor_hook(conn: connection.Connection) -> None:
    """Let each POST of a connection carry a token.

    ``client_token_attempts`` and ``client_token_seconds`` of its cloud in
    clouds.yaml say how far to go with retries.

    :param conn: the connection; no other one is changed
    """
    known = conn.config.config
    session.attach(
        conn.session,
        policy=retry.Policy(
            int(known.get("client_token_attempts", retry.Policy.attempts)),
            float(known.get("client_token_seconds", retry.Policy.seconds)),
        ),
        # As a cloud of clouds.yaml may call them, too.
        service_types={
            *SERVICE_TYPES,
            *map(conn.config.get_service_type, SERVICE_TYPES),
        },
    )
