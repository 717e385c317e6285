# SPDX-License-Identifier: Apache-2.0
"""Where the modules are that the changes are made in."""

from __future__ import annotations

import typing as ty

COMMON: ty.Final = "nova/openstack/common/idempotency"
DB: ty.Final = "nova/db/idempotency"
NOVA: ty.Final = "nova/idempotency"
