# SPDX-License-Identifier: Apache-2.0
"""Where the modules are that the changes are made in."""

from __future__ import annotations

import typing as ty

LIBRARY: ty.Final = "library/openstack_idempotency"
PROTOCOL: ty.Final = f"{LIBRARY}/protocol"
ENGINE: ty.Final = f"{LIBRARY}/engine"
SQL: ty.Final = f"{LIBRARY}/sql"
DB: ty.Final = "nova/db/idempotency"
NOVA: ty.Final = "nova/idempotency"
